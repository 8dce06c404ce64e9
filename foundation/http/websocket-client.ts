/** WebSocket connections to a server. */

import { randomBytes } from "node:crypto";
import { request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import type { Socket } from "node:net";
import { assertSafeHeader } from "./headers.ts";
import type { HeaderList } from "./message.ts";
import { SocketWebSocket } from "./websocket-connection.ts";
import { acceptKey } from "./websocket-handshake.ts";
import type { WebSocketConnection, WebSocketLimits } from "./websocket-types.ts";

const HANDSHAKE_TIMEOUT_MS = 10_000;

export interface WebSocketCall {
  /** `ws:` or `wss:` (or `http:`, `https:`) URL. */
  readonly url: string;
  readonly headers?: HeaderList;
  readonly protocols?: readonly string[];
  readonly limits?: Partial<WebSocketLimits>;
  /** Milliseconds for connection and handshake; default 10 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Certificate authorities in PEM, for `wss:`. */
  readonly ca?: string;
  readonly onListenerError?: (error: unknown) => void;
}

/** The handshake did not succeed. `status` is the server's answer when it refused, otherwise undefined. */
export class WebSocketRefused extends Error {
  override readonly name = "WebSocketRefused";
  readonly status: number | undefined;

  constructor(message: string, status?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
  }
}

/**
 * Opens a WebSocket. Set the listeners in the same turn in which it resolves, or later: early messages are kept.
 *
 * @throws WebSocketRefused
 */
export function connectWebSocket(call: WebSocketCall): Promise<WebSocketConnection> {
  const url = new URL(call.url);
  const tls = url.protocol === "wss:" || url.protocol === "https:";
  const key = randomBytes(16).toString("base64");
  const request = (tls ? tlsRequest : plainRequest)({
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (tls ? 443 : 80) : Number(url.port),
    path: url.pathname + url.search,
    headers: handshakeHeaders(call, url, key),
    agent: false,
    ...(tls && call.ca !== undefined ? { ca: call.ca } : {}),
  });
  return new Promise((resolve, reject) => {
    const refuse = (error: WebSocketRefused): void => {
      cleanUp();
      reject(error);
      request.destroy();
    };
    const timer = setTimeout(
      () => refuse(new WebSocketRefused(`${call.url} did not answer the handshake in time.`)),
      call.timeoutMs ?? HANDSHAKE_TIMEOUT_MS,
    );
    const abort = (): void =>
      refuse(new WebSocketRefused("The connection was cancelled.", undefined, call.signal?.reason));
    const cleanUp = (): void => {
      clearTimeout(timer);
      call.signal?.removeEventListener("abort", abort);
    };
    call.signal?.addEventListener("abort", abort, { once: true });
    if (call.signal?.aborted) abort();
    request.on("error", (error) =>
      refuse(new WebSocketRefused(`${call.url} cannot be reached: ${error.message}`, undefined, error)),
    );
    request.on("response", (message) =>
      refuse(new WebSocketRefused(`${call.url} refused with status ${message.statusCode}.`, message.statusCode)),
    );
    request.on("upgrade", (message, socket, head) => {
      cleanUp();
      const protocol = message.headers["sec-websocket-protocol"];
      const sound =
        message.statusCode === 101 &&
        message.headers["sec-websocket-accept"] === acceptKey(key) &&
        message.headers["sec-websocket-extensions"] === undefined &&
        (protocol === undefined || call.protocols?.includes(protocol) === true);
      if (!sound) {
        socket.destroy();
        reject(new WebSocketRefused(`${call.url} answered the handshake wrongly.`, message.statusCode));
        return;
      }
      resolve(
        new SocketWebSocket(socket as Socket, head, {
          side: "client",
          ...(call.limits === undefined ? {} : { limits: call.limits }),
          ...(call.onListenerError === undefined ? {} : { onListenerError: call.onListenerError }),
        }),
      );
    });
    request.end();
  });
}

function handshakeHeaders(call: WebSocketCall, url: URL, key: string): string[] {
  const fields = ["Host", url.host, "Connection", "Upgrade", "Upgrade", "websocket"];
  fields.push("Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", key);
  if (call.protocols !== undefined) fields.push("Sec-WebSocket-Protocol", call.protocols.join(", "));
  for (const [name, value] of call.headers ?? []) {
    assertSafeHeader(name, value);
    fields.push(name, value);
  }
  return fields;
}
