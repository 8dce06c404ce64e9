/** The change stream over a WebSocket. */
import {
  CHANGE_STREAM_MESSAGE_BYTES_MAX,
  CHANGE_STREAM_PATH,
  type ChangeStreamTransport,
  type PlanTransport,
} from "#contracts";
import { CLOSE, connectWebSocket, type WebSocketConnection, WebSocketRefused } from "#foundation/http";
import { HANDSHAKE_TIMEOUT_MS } from "./limits.ts";
import { parseControlPlaneMessage } from "./parse-message.ts";

export interface WebSocketTransportOptions {
  /** The control plane's API, `http://host:4580` or `https://…`. */
  readonly controlPlaneUrl: string;
  readonly joinToken: string;
  /** Certificate authorities in PEM, for a control plane with a private one. */
  readonly ca?: string;
}

/** The URL of one of the control plane's WebSocket endpoints. @throws TypeError when its own URL is not http(s) */
export function socketUrl(controlPlaneUrl: string, path: string): URL {
  const base = new URL(controlPlaneUrl);
  if (base.protocol !== "http:" && base.protocol !== "https:") {
    throw new TypeError(`the control plane's URL must be http: or https:, not ${base.protocol}`);
  }
  const url = new URL(path, base);
  url.protocol = base.protocol === "https:" ? "wss:" : "ws:";
  return url;
}

/**
 * A transport to a control plane elsewhere. A dead peer is found by pings (within 40 s), an oversized or malformed message ends the connection.
 *
 * @throws TypeError when the URL is not http(s)
 */
export function webSocketTransport(options: WebSocketTransportOptions): ChangeStreamTransport {
  return webSocketStream(options, parseControlPlaneMessage);
}

/**
 * The same for other messages.
 * @param parse undefined for what is no message, "unknown" for one of a later version
 */
export function webSocketStream<Up, Down>(
  options: WebSocketTransportOptions,
  parse: (text: string) => Down | "unknown" | undefined,
): PlanTransport<Up, Down> {
  const url = socketUrl(options.controlPlaneUrl, CHANGE_STREAM_PATH);
  return {
    connect(handlers) {
      const cancelled = new AbortController();
      let socket: WebSocketConnection | undefined;
      connectWebSocket({
        url: url.href,
        headers: [["authorization", `Bearer ${options.joinToken}`]],
        limits: { maxMessageBytes: CHANGE_STREAM_MESSAGE_BYTES_MAX },
        timeoutMs: HANDSHAKE_TIMEOUT_MS,
        signal: cancelled.signal,
        ...(options.ca === undefined ? {} : { ca: options.ca }),
      }).then(
        (opened) => {
          socket = opened;
          opened.onClose((code, reason) =>
            handlers.onClose(reason === "" ? `closed with ${code}` : `${code} ${reason}`),
          );
          handlers.onOpen({
            send: (message) => opened.send(JSON.stringify(message)),
            close: () => opened.close(),
          });
          opened.onMessage((data) => {
            const message = typeof data === "string" ? parse(data) : undefined;
            if (message === undefined) opened.close(CLOSE.policyViolation, "malformed message");
            else if (message !== "unknown") handlers.onMessage(message);
          });
        },
        (error: unknown) => handlers.onClose(failureText(error)),
      );
      return {
        cancel() {
          if (socket === undefined) cancelled.abort();
          else socket.close();
        },
      };
    },
  };
}

function failureText(error: unknown): string {
  if (error instanceof WebSocketRefused && (error.status === 401 || error.status === 403)) {
    return `${error.message} The join token is not the control plane's.`;
  }
  return error instanceof Error ? error.message : String(error);
}
