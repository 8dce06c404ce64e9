/** What a client is told, and what becomes of a request. */

import type { FaultCode } from "../codec/faults.ts";
import { DEFAULT_MESSAGE_LIMITS, type MessageLimits } from "../codec/limits.ts";
import type { PreparedFields } from "../codec/message-writer.ts";
import type { ReceivedFields } from "../server/exchange.ts";

/** Where a request goes. Equal origins share connections. */
export interface Origin {
  readonly address:
    | { readonly kind: "tcp"; readonly host: string; readonly port: number }
    | { readonly kind: "unix"; readonly path: string };
  readonly tls?: OriginTls;
  /** Of HTTP. `2` without TLS: its server is known to speak it (h2c). `auto`: what the server chooses in TLS, else 1.1. Default 1.1. */
  readonly version?: "1.1" | "2" | "auto";
}

export interface OriginTls {
  /** The name that the certificate must be for, and that is asked for (SNI). Default: the host of the address. */
  readonly serverName?: string;
  /** Authorities to trust, in PEM. Default: those of the system. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Trusts any certificate. For tests. */
  readonly insecure?: boolean;
}

export interface ClientLimits extends Omit<MessageLimits, "maxTargetBytes"> {
  /** Open connections to one origin, those on their way included. Further requests wait. */
  readonly maxConnections: number;
  /** The same of HTTP/2, each for as many requests at the same time as its server takes. */
  readonly maxSharedConnections: number;
  /** Requests that may wait for one of them; beyond it they fail with `pool-full`. */
  readonly maxWaiting: number;
  /** After which an unused connection is closed; earlier when its server has said so (`Keep-Alive: timeout`). */
  readonly idleTimeoutMs: number;
  /** For look-up, connection and TLS together; also for waiting for one of `maxConnections`. */
  readonly connectTimeoutMs: number;
}

const KIB = 1024;
const SECOND = 1000;

export const DEFAULT_CLIENT_LIMITS: ClientLimits = {
  maxHeadBytes: 64 * KIB,
  maxFields: 256,
  maxTrailerBytes: DEFAULT_MESSAGE_LIMITS.maxTrailerBytes,
  maxConnections: 1024,
  // Servers take 100 and more at a time on each: no fewer requests than over HTTP/1.1.
  maxSharedConnections: 16,
  maxWaiting: 1024,
  // Below the 60 s and more after which servers close: a request on its way to a connection that is being closed is lost, and is not sent again.
  idleTimeoutMs: 30 * SECOND,
  connectTimeoutMs: 5 * SECOND,
};

export interface OutgoingRequest {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  /** Must stay as they are until the request is sent; over HTTP/2 until there is a response or a failure, for a server may send it back. */
  readonly received?: ReceivedFields;
  /** Name, value, name, value … */
  readonly fields?: readonly string[];
  /** The same, checked once. */
  readonly prepared?: PreparedFields;
  /** The whole body; null for none. Must not change until the exchange is over. */
  readonly body?: Uint8Array | null;
  /** In its place: the body follows by `write` and `end`, with this length or in chunks. */
  readonly stream?: { readonly length: number | undefined };
  /** The body is sent when the server asks for it, or after a second. */
  readonly expectContinue?: boolean;
  /** The protocol to change to. */
  readonly upgrade?: string;
  /** Says that trailers are understood: some servers send them to nobody else (RFC 9110 §10.1.4). Not together with `upgrade`. */
  readonly acceptsTrailers?: boolean;
  /** On a new connection (of HTTP/1.1): one that was kept has just turned out to be closed, and the others are as old. */
  readonly fresh?: boolean;
  /** For look-up, connection and TLS together, or for waiting for a connection. Default: that of the pool. */
  readonly connectTimeoutMs?: number;
  /** From the end of the request to the head of the response. Default 60 s. */
  readonly responseTimeoutMs?: number;
  /** Between two pieces of the response's body, while somebody reads it. Default 60 s. */
  readonly idleTimeoutMs?: number;
  /** From the beginning to the end of everything. Default: none. */
  readonly totalTimeoutMs?: number;
}

/** Why there is no connection. */
export type ConnectFailure =
  /** Nobody listens, no route, no such name … `code` is the system's. */
  | { readonly kind: "connect-refused"; readonly code: string }
  | { readonly kind: "connect-timeout" }
  /** The peer speaks no TLS, or shows a certificate that is not to be trusted. */
  | { readonly kind: "tls-failed"; readonly reason: string };

/** Why there is no response. */
export type ClientFailure =
  | ConnectFailure
  | { readonly kind: "pool-full" }
  | { readonly kind: "pool-closed" }
  /**
   * The server closed the connection before its response had a head. `wasKept`: nothing of a response had come, on a connection of HTTP/1.1 that was used
   * before; as a rule its server closed it for being idle while the request was on its way.
   */
  | { readonly kind: "closed"; readonly wasKept?: true }
  | { readonly kind: "malformed"; readonly fault: FaultCode }
  /** The request is to leave HTTP (`upgrade`), and the server of HTTP/2 does not offer that (RFC 8441 §3). It was not sent. */
  | { readonly kind: "no-connect" }
  | { readonly kind: "response-timeout" }
  | { readonly kind: "total-timeout" }
  /** The request cannot be written. A mistake of the program. */
  | { readonly kind: "unsafe"; readonly error: Error };

/** What a promise of a response rejects with. */
export class ClientFailed extends Error {
  override readonly name = "ClientFailed";
  /** @param sent whether the server may have seen the request */
  constructor(
    readonly failure: ClientFailure,
    readonly sent: boolean,
  ) {
    super(`There is no response: ${failure.kind}.`, failure.kind === "unsafe" ? { cause: failure.error } : {});
  }
}
