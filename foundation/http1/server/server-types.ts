/** What a server is told, and what it offers. */

import type { Clock, Timers } from "#foundation/runtime";
import type { FaultCode, RefusalStatus } from "../codec/faults.ts";
import { DEFAULT_MESSAGE_LIMITS, type MessageLimits } from "../codec/limits.ts";
import type { ServerExchange } from "./exchange.ts";
import type { Protocol } from "./protocol.ts";

/** Each has a stated answer when it is passed. */
export interface ServerLimits extends MessageLimits {
  /** Open connections; further ones are closed at once. */
  readonly maxConnections: number;
  /** From the open connection, or from the first octet of a head, to its end → 408, closed. */
  readonly headTimeoutMs: number;
  /** Between two pieces of a body that somebody reads → the body fails; 408 when nothing is answered yet. */
  readonly bodyTimeoutMs: number;
  /** Between requests → closed. */
  readonly idleTimeoutMs: number;
  /** A client that takes nothing of an answer that waits for it → closed. */
  readonly writeTimeoutMs: number;
  /** Octets of an unread body that are read and dropped to keep the connection; a longer rest closes it. */
  readonly maxDrainBytes: number;
}

const KIB = 1024;
const SECOND = 1000;

export const DEFAULT_SERVER_LIMITS: ServerLimits = {
  ...DEFAULT_MESSAGE_LIMITS,
  // Below the usual descriptor limit of 16,384 with room for the connections to upstreams.
  maxConnections: 12_000,
  headTimeoutMs: 20 * SECOND,
  bodyTimeoutMs: 30 * SECOND,
  // Longer than the 60 s for which common load balancers keep an idle upstream connection.
  idleTimeoutMs: 65 * SECOND,
  writeTimeoutMs: 120 * SECOND,
  maxDrainBytes: 256 * KIB,
};

/** A request that was refused before anybody saw it. */
export interface Refusal {
  readonly status: RefusalStatus | 408;
  readonly fault: FaultCode | "head-timeout" | "body-timeout";
  readonly remoteAddress: string;
}

/** Key and certificate chain in PEM. */
export interface CertificateFor {
  readonly key: string;
  readonly cert: string;
}

export interface ServerTls extends CertificateFor {
  /** For clients that ask for one of these names (SNI, RFC 6066 §3); `*.example.com` means one label. Others get the certificate above. */
  readonly names?: Readonly<Record<string, CertificateFor>>;
  /** Authorities in PEM whose clients are let in; with `requestCert` others are not. */
  readonly ca?: string;
  readonly requestCert?: boolean;
}

export interface ServerOptions {
  /** Called for each request when its head has come, with what came of its body at the same time. What it throws becomes 500. */
  readonly onExchange: (exchange: ServerExchange) => void;
  /** Default `127.0.0.1`. */
  readonly hostname?: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Shares the port with others that do the same. Default false. */
  readonly reusePort?: boolean;
  readonly tls?: ServerTls;
  /** What clients may speak instead of HTTP/1.1. */
  readonly protocols?: readonly Protocol[];
  readonly limits?: Partial<ServerLimits>;
  /** Lets targets hold `#` and octets beyond ASCII. Default false. */
  readonly anyTarget?: boolean;
  /** The body of the answer to what is refused. Default: one sentence of text. */
  readonly refusalText?: (refusal: Refusal) => string;
  /** Told what was refused. */
  readonly onRefused?: (refusal: Refusal) => void;
  /** Told what `onExchange` threw, and defects of connections. */
  readonly onDefect?: (error: unknown) => void;
  readonly time?: { readonly clock: Clock; readonly timers: Timers };
}

export interface Server {
  readonly hostname: string;
  readonly port: number;
  /** Open now. */
  readonly connections: number;
  /** Stops accepting; each connection closes after its next answer. */
  drain(): void;
  /**
   * New connections are shown these certificates; those that are there go on.
   * @throws what OpenSSL says of them; those before stay in use
   */
  useTls(tls: ServerTls): Promise<void>;
  /** Stops accepting, closes idle connections, lets exchanges end for `graceMs`, then cuts what is left. */
  close(graceMs?: number): Promise<void>;
}
