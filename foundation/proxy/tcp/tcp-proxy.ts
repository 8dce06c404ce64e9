/** Passes TCP connections on to backends, unopened. */

import { Channel, type ConnectFailure, channelHandlers, Deadlines, type Time } from "#foundation/http1";
import { systemClock, systemTimers } from "#foundation/runtime";
import type { Backend } from "../backend.ts";
import { nobody, type TunnelResult } from "../tunnel/tunnel.ts";
import type { ClientHello } from "./client-hello.ts";
import type { OpeningFault, OpeningOptions } from "./opening.ts";
import { Passage } from "./passage.ts";
import type { ProxyHeader, ProxyTlv } from "./proxy-protocol.ts";

const SECOND = 1000;
const DEFAULT_GRACE_MS = 5 * SECOND;
/** Deadlines are met within this. */
const SWEEP_MS = 100;

/** A connection that came. */
export interface TcpClient {
  /** Of the socket. With `acceptProxyProtocol` that of the proxy before us; the client's own is in `proxyHeader`. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly proxyHeader: ProxyHeader | undefined;
  /** What the client asks for in TLS, when that is peeked at. */
  readonly hello: ClientHello | undefined;
}

/** Where a connection goes. */
export interface TcpRoute {
  readonly backend: Backend;
  /** Tells the backend who the client is, with these values more in version 2. A header that came is passed on by its addresses. */
  readonly proxyProtocol?: { readonly version: 1 | 2; readonly tlvs?: readonly ProxyTlv[] };
  /** Told once, when the connection is over. */
  readonly onFinished?: (result: TunnelResult) => void;
}

export type TcpFailure =
  | ConnectFailure
  | { readonly kind: "no-upstream" }
  /** `route` threw, or rejected. */
  | { readonly kind: "route-failed"; readonly error: unknown }
  | { readonly kind: "refused"; readonly fault: OpeningFault }
  /** The first bytes did not come in time. */
  | { readonly kind: "opening-timeout" }
  /** It left before it was passed on. */
  | { readonly kind: "client-gone" };

export interface FailedConnection {
  readonly backend: Backend;
  readonly failure: TcpFailure;
}

export interface TcpProxyOptions extends Partial<OpeningOptions> {
  /** Default `127.0.0.1`. */
  readonly hostname?: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** Shares the port with other processes that do the same (SO_REUSEPORT). Default false. */
  readonly reusePort?: boolean;
  /** Decides where a connection goes; called again when a backend could not be reached. */
  readonly route: (
    client: TcpClient,
    failed: readonly FailedConnection[],
  ) => TcpRoute | undefined | Promise<TcpRoute | undefined>;
  /** A connection was closed without being passed on. */
  readonly onFailure?: (failure: TcpFailure, client: TcpClient) => void;
  /** Key and certificate chain in PEM: ends TLS here. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** How many backends are tried. Default 1. */
  readonly attemptsMax?: number;
  /** Default 5 s. */
  readonly connectTimeoutMs?: number;
  /** For what has to come before a connection can be passed on. Default 10 s. */
  readonly openingTimeoutMs?: number;
  /** Without a byte in either direction. Default 350 s. */
  readonly idleTimeoutMs?: number;
  /** Open connections; further ones are closed at once. Default 10,000: each has two descriptors. */
  readonly maxConnections?: number;
  readonly time?: Time;
}

export interface TcpProxy {
  readonly port: number;
  readonly address: string;
  /** Open connections of clients. */
  readonly connections: number;
  /** Stops accepting, lets connections end for `graceMs` (default 5000), then cuts what is left. */
  close(graceMs?: number): Promise<void>;
}

/**
 * Listens.
 *
 * @throws the system's error when the address cannot be bound (EADDRINUSE, EACCES)
 * @example
 * const proxy = createTcpProxy({ port: 5432, route: () => ({ backend: { address: { kind: "tcp", host: "10.0.0.7", port: 5432 } } }) });
 */
export function createTcpProxy(options: TcpProxyOptions): TcpProxy {
  const { hostname = "127.0.0.1", port, tls, maxConnections = 10_000 } = options;
  const time = options.time ?? { clock: systemClock, timers: systemTimers };
  const deadlines = new Deadlines(time, SWEEP_MS);
  const passages = new Set<Passage>();
  let onQuiet: (() => void) | undefined;
  let isClosing = false;

  const leave = (passage: Passage): void => {
    passages.delete(passage);
    if (passages.size === 0) onQuiet?.();
  };
  const settings = {
    acceptProxyProtocol: options.acceptProxyProtocol === true,
    peekTls: options.peekTls === true,
    route: options.route,
    onFailure: options.onFailure,
    attemptsMax: options.attemptsMax ?? 1,
    connectTimeoutMs: options.connectTimeoutMs ?? 5 * SECOND,
    openingTimeoutMs: options.openingTimeoutMs ?? 10 * SECOND,
    idleTimeoutMs: options.idleTimeoutMs ?? 350 * SECOND,
    deadlines,
    onOver: leave,
  };
  const listener = Bun.listen<Channel>({
    hostname,
    port,
    ...(options.reusePort === true ? { reusePort: true } : { exclusive: true }),
    allowHalfOpen: true,
    ...(tls === undefined ? {} : { tls }),
    socket: {
      ...channelHandlers,
      open(native) {
        if (isClosing || passages.size >= maxConnections) {
          new Channel(native, nobody).destroy();
          return;
        }
        const passage = new Passage(native, settings);
        passages.add(passage);
        passage.start();
      },
    },
  });

  return {
    port: listener.port,
    address: hostname,
    get connections() {
      return passages.size;
    },
    async close(graceMs = DEFAULT_GRACE_MS) {
      if (!isClosing) listener.stop(false);
      isClosing = true;
      if (passages.size > 0) {
        await new Promise<void>((resolve) => {
          const timer = time.timers.after(graceMs, resolve);
          onQuiet = () => {
            timer.cancel();
            resolve();
          };
        });
      }
      for (const passage of [...passages]) passage.cut();
    },
  };
}
