/** Listens, and hands each connection to an object of its own. */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Socket, SocketHandler, TCPSocketListener } from "bun";
import { systemClock, systemTimers } from "#foundation/runtime";
import { PreparedFields } from "../codec/message-writer.ts";
import { Channel, type ChannelOwner, channelHandlers } from "../io/channel.ts";
import { Deadlines } from "../io/deadlines.ts";
import { listenWithNames } from "../io/listen-with-names.ts";
import { FirstOctets } from "./first-octets.ts";
import type { Protocol, ServedConnection } from "./protocol.ts";
import { ServerConnection } from "./server-connection.ts";
import {
  DEFAULT_SERVER_LIMITS,
  type Refusal,
  type Server,
  type ServerLimits,
  type ServerOptions,
  type ServerTls,
} from "./server-types.ts";

const DEFAULT_GRACE_MS = 5000;
const HANDOVER_MS = 50;
/** Deadlines are kept to a quarter of the shortest limit, and to a second. */
const SWEEP_MS_MAX = 1000;
const SWEEP_MS_MIN = 10;

/**
 * Starts a server of HTTP/1.1 and resolves when it accepts connections.
 *
 * @throws the system's error when the address cannot be bound (EADDRINUSE, EACCES)
 * @example
 * const server = await serve({ port: 0, onExchange: (exchange) => exchange.answer({ status: 200 }, "hello\n") });
 */
export async function serve(options: ServerOptions): Promise<Server> {
  const limits: ServerLimits = { ...DEFAULT_SERVER_LIMITS, ...options.limits };
  let { tls } = options;
  const time = options.time ?? { clock: systemClock, timers: systemTimers };
  const hostname = await addressOf(options.hostname ?? "127.0.0.1");
  const { protocols = [] } = options;
  const connections = new Set<ServedConnection>();
  let onQuiet: (() => void) | undefined;
  const context = {
    limits,
    anyTarget: options.anyTarget === true,
    secure: tls !== undefined,
    deadlines: new Deadlines(time, sweepMs(limits)),
    isClosing: false,
    dateField: dateFields(() => time.clock.now()),
    onExchange: options.onExchange,
    refusalText: options.refusalText ?? refusalText,
    onRefused: (refusal: Refusal) => options.onRefused?.(refusal),
    onDefect: (error: unknown) => options.onDefect?.(error),
    onGone(connection: ServedConnection) {
      connections.delete(connection);
      if (connections.size === 0) onQuiet?.();
    },
  };
  const served = (channel: Channel, protocol: Protocol): ServedConnection => {
    const connection = protocol.serve(channel, context);
    connections.add(connection);
    return connection;
  };
  const accept = (native: Socket<Channel>): void => {
    const channel = new Channel(native, nobody, context.onDefect);
    if (connections.size >= limits.maxConnections || context.isClosing) {
      channel.destroy();
      return;
    }
    const connection = new ServerConnection(channel, context);
    channel.owner = connection;
    connections.add(connection);
    // What is spoken in TLS is known with the handshake, what is spoken without by its first octets.
    if (tls === undefined && protocols.length > 0) {
      channel.owner = new FirstOctets(channel, connection, protocols, (protocol) => served(channel, protocol));
    }
  };
  const handshake = (native: Socket<Channel>, isWhole: boolean): void => {
    const channel = native.data;
    if (!isWhole || (tls?.requestCert === true && !native.authorized)) {
      channel?.destroy();
      return;
    }
    const protocol = protocols.find(({ alpn }) => alpn === native.alpnProtocol);
    if (protocol === undefined || channel === undefined || channel.closed) return;
    (channel.owner as ServerConnection).leave();
    served(channel, protocol);
  };
  const handlers: SocketHandler<Channel> = {
    ...channelHandlers,
    open: accept,
    error({ data: channel }, error) {
      // A reset by the client is no news, and the close event follows. Everything else is a defect of ours.
      if (!isReset(error)) context.onDefect(error);
      channel?.destroy();
    },
    handshake,
  };
  // Other certificates are other listeners at the same place: they share it. Nobody else may have it.
  const shares = tls !== undefined || options.reusePort === true;
  if (tls !== undefined && options.port !== 0 && options.reusePort !== true) assertFree(hostname, options.port);
  const place = { hostname, port: options.port, reusePort: shares };
  let listener = await listen(place, tls, protocols, handlers);
  const drain = (): void => {
    if (context.isClosing) return;
    context.isClosing = true;
    listener.stop(false);
  };
  const useTls = async (next: ServerTls): Promise<void> => {
    if (tls === undefined) throw new Error("a server without TLS has no certificates");
    if (context.isClosing) return;
    const before = listener;
    const after = await listen({ ...place, port: before.port }, next, protocols, handlers);
    if (context.isClosing) {
      after.stop(false);
      return;
    }
    listener = after;
    tls = next;
    // Connections that wait to be taken are taken first.
    time.timers.after(HANDOVER_MS, () => before.stop(false));
  };
  /** One after the other: each leaves one listener. */
  let changing: Promise<void> = Promise.resolve();
  return {
    hostname,
    port: listener.port,
    get connections() {
      return connections.size;
    },
    drain,
    useTls(next) {
      const changed = changing.then(() => useTls(next));
      changing = changed.catch(() => {});
      return changed;
    },
    async close(graceMs = DEFAULT_GRACE_MS) {
      drain();
      for (const connection of connections) connection.endIfIdle();
      if (connections.size > 0) {
        await new Promise<void>((resolve) => {
          const timer = time.timers.after(graceMs, resolve);
          onQuiet = () => {
            timer.cancel();
            resolve();
          };
        });
      }
      for (const connection of connections) connection.cut();
    },
  };
}

/** The end of a request is told from the end of the connection (half-open): a body that breaks off is still answered. */
async function listen(
  { hostname, port, reusePort }: { readonly hostname: string; readonly port: number; readonly reusePort: boolean },
  tls: ServerTls | undefined,
  protocols: readonly Protocol[],
  socket: SocketHandler<Channel>,
): Promise<TCPSocketListener<Channel>> {
  const place = { hostname, port, ...(reusePort ? { reusePort } : {}), allowHalfOpen: true };
  if (tls === undefined) return Bun.listen<Channel>({ ...place, socket });
  const alpn = protocols.length === 0 ? [] : [...protocols.map((protocol) => protocol.alpn), "http/1.1"];
  return listenWithNames(place, tls, alpn, socket);
}

/** @throws the system's error when somebody else listens there */
function assertFree(hostname: string, port: number): void {
  Bun.listen({ hostname, port, socket: { data() {} } }).stop(true);
}

const nobody: ChannelOwner = { onBytes() {}, onEnd() {}, onDrain() {}, onClose() {} };

function sweepMs(limits: ServerLimits): number {
  const { headTimeoutMs, bodyTimeoutMs, idleTimeoutMs, writeTimeoutMs } = limits;
  const shortest = Math.min(headTimeoutMs, bodyTimeoutMs, idleTimeoutMs, writeTimeoutMs);
  return Math.min(SWEEP_MS_MAX, Math.max(SWEEP_MS_MIN, shortest / 4));
}

/** `Date`, made once a second (RFC 9110 §6.6.1). */
function dateFields(now: () => number): () => PreparedFields {
  let second = -1;
  let field = new PreparedFields([]);
  return () => {
    const current = Math.floor(now() / 1000);
    if (current !== second) {
      second = current;
      field = new PreparedFields(["Date", new Date(current * 1000).toUTCString()]);
    }
    return field;
  };
}

function refusalText({ fault }: Refusal): string {
  return `The request is refused: ${fault}.\n`;
}

/** The address of a name: the server tells which one it has. */
async function addressOf(hostname: string): Promise<string> {
  return isIP(hostname) !== 0 ? hostname : (await lookup(hostname)).address;
}

function isReset(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
}
