/** What both ends of a WebSocket (RFC 6455) offer, and what a server may answer to an upgrade. */

import type { HttpRequest, HttpResponse } from "./message.ts";
import type { ByteSocket } from "./wire/byte-socket.ts";

/** One open WebSocket, of either side. Messages are whole; fragments are joined below the size limit. */
export interface WebSocketConnection {
  /** Queues one message. Dropped silently once closed. A peer that lets `maxBufferedBytes` pile up is closed with 1008. */
  send(data: string | Uint8Array): void;
  /** Bytes queued and not yet taken by the operating system: stop sending while this is large. */
  readonly bufferedBytes: number;
  /** Resolves when the queue has been taken by the operating system, or the connection closed. */
  drained(): Promise<void>;
  /** Starts the closing handshake (default 1000); the connection is cut when the peer does not answer in time. */
  close(code?: number, reason?: string): void;
  /** Messages that arrive before a listener is set are kept (within the size limit) and delivered to it. */
  onMessage(listener: (data: string | Uint8Array) => void): void;
  /** Called exactly once; at once when already closed. 1006 stands for a connection that broke without a close frame. */
  onClose(listener: (code: number, reason: string) => void): void;
  readonly state: "open" | "closing" | "closed";
  /** The upgrade request; only on the server's side. */
  readonly request?: HttpRequest;
}

export interface WebSocketLimits {
  /** Largest message after joining fragments, in bytes. */
  readonly maxMessageBytes: number;
  /** Most bytes queued for a peer that does not read. */
  readonly maxBufferedBytes: number;
  /** Milliseconds of silence after which a ping is sent; the connection is cut after as long again without any frame. 0 turns it off. */
  readonly pingIntervalMs: number;
  /** Milliseconds the peer has to answer a close frame. */
  readonly closeTimeoutMs: number;
}

/** Accepts an upgrade. */
export interface WebSocketAccept {
  readonly kind: "accept";
  readonly onOpen: (connection: WebSocketConnection) => void;
  /** One of the protocols the client offered. */
  readonly protocol?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly limits?: Partial<WebSocketLimits>;
}

/** Lets a connection leave HTTP for a protocol that the server does not know. */
export interface TunnelAccept {
  readonly kind: "tunnel";
  /** A whole 101 response without a body; sent as it is. */
  readonly head: Uint8Array;
  /** The socket is the caller's from now on. @param rest bytes that came behind the request */
  readonly onOpen: (socket: ByteSocket, rest: Uint8Array) => void;
  /** The client left before its answer; `onOpen` is not called. */
  readonly abandon: () => void;
}

/** Decides on a request that wants to leave HTTP, for whatever protocol: a tunnel, or an ordinary answer. */
export type TunnelHandler = (request: HttpRequest) => Promise<TunnelAccept | HttpResponse>;

/** Decides on an upgrade request: accept, or an ordinary answer (401, 404 …) as refusal. */
export type UpgradeHandler = (
  request: HttpRequest,
) => WebSocketAccept | HttpResponse | Promise<WebSocketAccept | HttpResponse>;
