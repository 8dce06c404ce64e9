/** What a server is told and what it offers. */

import type { Logger, MetricsRegistry } from "#foundation/telemetry";
import type { HttpHandler, HttpRequest, HttpResponse } from "./message.ts";
import type { TunnelHandler, UpgradeHandler } from "./websocket-types.ts";

/** Named limits of a server; each has a stated answer when it is passed. */
export interface HttpLimits {
  /** Request line and headers together, in bytes → 431. */
  readonly maxHeaderBytes: number;
  /** Header fields → 431. */
  readonly maxHeaderCount: number;
  /** Request-target, in characters → 414. */
  readonly maxTargetLength: number;
  /** Open connections; further ones are closed at once. */
  readonly maxConnections: number;
  /** Milliseconds from the first byte (or the open connection) to complete headers → closed. */
  readonly headersTimeoutMs: number;
  /** Milliseconds between two body bytes while a reader waits → 408, closed. */
  readonly bodyIdleTimeoutMs: number;
  /** Milliseconds a connection may stay idle between requests → closed. */
  readonly keepAliveTimeoutMs: number;
  /** Milliseconds a client may take nothing of an answer that waits for it → closed. */
  readonly writeIdleTimeoutMs: number;
  /** Bytes of an unread body that are read and dropped to keep the connection; a longer rest closes it. */
  readonly maxDrainBytes: number;
}

/** The wall clock of the server, epoch milliseconds. */
export interface HttpClock {
  now(): number;
}

export interface HttpServerOptions {
  readonly handler: HttpHandler;
  /** Default `127.0.0.1`. */
  readonly hostname?: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly limits?: Partial<HttpLimits>;
  /** Shares the port with other processes that do the same (SO_REUSEPORT): a new server takes over before the old one leaves. Default false. */
  readonly reusePort?: boolean;
  /** Key and certificate chain in PEM: serves HTTPS. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca?: string; readonly requestCert?: boolean };
  readonly clock?: HttpClock;
  readonly logger?: Logger;
  readonly metrics?: MetricsRegistry;
  /** Name of the server in metrics (`server` label), for example `aws` or `api`. Default `http`. */
  readonly name?: string;
  /** Called after each exchange with what an access log shows. */
  readonly accessLog?: (entry: AccessEntry) => void;
  readonly upgrade?: UpgradeHandler;
  /** Decides on requests that want to leave HTTP, in the place of `upgrade`: for proxies. */
  readonly tunnel?: TunnelHandler;
  /** Turns what a handler threw into an answer. The default answers a problem document and never shows internals. */
  readonly onError?: (error: unknown, request: HttpRequest) => HttpResponse;
  /** Request ids; default 16 random upper-case hex digits. */
  readonly requestId?: () => string;
  /** Response header that carries the request id; default `x-request-id`; null for none. */
  readonly requestIdHeader?: string | null;
}

/** One finished exchange. */
export interface AccessEntry {
  readonly requestId: string;
  readonly remoteAddress: string;
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly status: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly durationMs: number;
  readonly userAgent: string | undefined;
  /** False when the connection broke before the answer was complete. */
  readonly complete: boolean;
}

export interface HttpServer {
  readonly port: number;
  readonly address: string;
  /** `http://host:port`, without a slash at the end. */
  readonly url: string;
  /** Open connections now. */
  readonly connections: number;
  /**
   * Stops accepting, and closes each connection after its next answer, which says so: for a server whose place another one has taken already. Idle clients lose nothing.
   * `close` ends what is left.
   */
  drain(): void;
  /** Stops accepting, lets running exchanges end for `graceMs` (default 5000), then cuts what is left. */
  close(graceMs?: number): Promise<void>;
}
