/** The connection between a gateway and its fleet's control plane, over a WebSocket. */
import {
  GATEWAY_FLEET_MESSAGE_BYTES_MAX,
  type GatewayMessage,
  type MessageToGateway,
  type PlanTransport,
} from "#contracts";
import { CLOSE, connectWebSocket, type WebSocketConnection, WebSocketRefused } from "#foundation/http";
import { HANDSHAKE_TIMEOUT_MS } from "./fleet-limits.ts";
import { readMessageToGateway } from "./fleet-messages.ts";

export type FleetTransport = PlanTransport<GatewayMessage, MessageToGateway>;

export interface FleetSocketOptions {
  /** `ws:` or `wss:`. */
  readonly url: string;
  /** Shown as a bearer token too, so that a control plane can refuse before it holds a socket. */
  readonly apiKey: () => string;
  /** Certificate authorities in PEM, for a control plane with a private one. */
  readonly ca: string | undefined;
}

/** A dead peer is found by pings (within 40 s); an oversized or malformed message ends the connection. */
export function fleetSocket({ url, apiKey, ca }: FleetSocketOptions): FleetTransport {
  return {
    connect(handlers) {
      const cancelled = new AbortController();
      let socket: WebSocketConnection | undefined;
      connectWebSocket({
        url,
        headers: [["authorization", `Bearer ${apiKey()}`]],
        limits: { maxMessageBytes: GATEWAY_FLEET_MESSAGE_BYTES_MAX },
        timeoutMs: HANDSHAKE_TIMEOUT_MS,
        signal: cancelled.signal,
        ...(ca === undefined ? {} : { ca }),
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
            const message = typeof data === "string" ? readMessageToGateway(data) : undefined;
            if (message === undefined) opened.close(CLOSE.policyViolation, "malformed message");
            else if (message !== "unknown") handlers.onMessage(message);
          });
        },
        (error: unknown) => handlers.onClose(whyRefused(error)),
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

/** What an operator is to look at, for the answers that the control plane itself gives. */
const HINTS: Readonly<Record<number, string>> = {
  401: "the control plane knows no such API key",
  403: "something in between refuses it",
  404: "no control plane is at this address",
  421: "the control plane does not go by this name",
  429: "too many attempts came from here",
  503: "the control plane has no room for now",
};

function whyRefused(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const hint = error instanceof WebSocketRefused && error.status !== undefined ? HINTS[error.status] : undefined;
  return hint === undefined ? error.message : `${error.message.replace(/\.$/, "")}: ${hint}`;
}
