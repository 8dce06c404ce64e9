/** An upstream's consent to leave HTTP (101), passed on, and the tunnel that follows (RFC 9110 §7.8). */

import { type Deadlines, FIELD, type RawDuplex, type ReceivedResponse } from "#foundation/http1";
import { DuplexEnd } from "../tunnel/duplex-end.ts";
import { SocketEnd, type TunnelSocket } from "../tunnel/socket-end.ts";
import { Tunnel } from "../tunnel/tunnel.ts";
import { responseHeaders } from "./response-headers.ts";
import type { Route } from "./route.ts";

/** What a server does with a request whose connection leaves HTTP: it sends `head`, and hands its socket to `onOpen`. */
export interface TunnelAnswer {
  readonly kind: "tunnel";
  /** A whole 101 response without a body. */
  readonly head: Uint8Array;
  /** @param rest what the client sent behind its request */
  onOpen(socket: TunnelSocket, rest: Uint8Array): void;
  /** The client left before its answer. */
  abandon(): void;
}

/**
 * The answer to a request whose upstream agreed to a tunnel. The upstream waits until the server has its socket ready.
 * @param head valid during this call
 */
export function joinTunnel(
  head: ReceivedResponse,
  duplex: RawDuplex,
  route: Route,
  deadlines: Deadlines,
  idleTimeoutMs: number,
): TunnelAnswer {
  const { status } = head;
  const upstream = new DuplexEnd(duplex);
  const onFinished = (complete: boolean, bytesSent: number, bytesReceived: number): void =>
    route.onFinished?.({ status, failure: undefined, complete, bytesSent, bytesReceived });
  return {
    kind: "tunnel",
    head: switchingHead(head, route),
    onOpen(socket, rest) {
      const client = new SocketEnd(socket);
      const tunnel = new Tunnel(client, upstream, {
        deadlines,
        idleTimeoutMs,
        onOver: ({ reason, bytesUp, bytesDown }) =>
          onFinished(reason !== "idle" && reason !== "cut", bytesUp, bytesDown),
      });
      tunnel.begin(rest, upstream.rest);
    },
    abandon() {
      upstream.reset();
      onFinished(false, 0, 0);
    },
  };
}

/** The upstream's 101 with its fields; `Connection` and `Upgrade` are ours to say on our hop. */
function switchingHead(head: ReceivedResponse, route: Route): Uint8Array {
  const { fields, reason = "" } = head;
  const headers = responseHeaders(head);
  route.responseHeaders?.(head.status, headers);
  let text = `HTTP/1.1 101 ${reason === "" ? "Switching Protocols" : reason}\r\nConnection: Upgrade\r\n`;
  for (let i = 0; i < fields.count; i++) {
    if (fields.id(i) === FIELD.UPGRADE) text += `Upgrade: ${fields.value(i)}\r\n`;
  }
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  return Buffer.from(`${text}\r\n`, "latin1");
}
