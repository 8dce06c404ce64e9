/** Listens, and hands each connection to an object of its own. */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Socket } from "bun";
import { systemClock, systemTimers } from "#foundation/runtime";
import { PreparedFields } from "../codec/message-writer.ts";
import { Channel, type ChannelOwner, channelHandlers } from "../io/channel.ts";
import { Deadlines } from "../io/deadlines.ts";
import { ServerConnection, type ServerContext } from "./server-connection.ts";
import {
  DEFAULT_SERVER_LIMITS,
  type Refusal,
  type Server,
  type ServerLimits,
  type ServerOptions,
} from "./server-types.ts";

const DEFAULT_GRACE_MS = 5000;
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
  const { tls } = options;
  const time = options.time ?? { clock: systemClock, timers: systemTimers };
  const hostname = await addressOf(options.hostname ?? "127.0.0.1");
  const connections = new Set<ServerConnection>();
  let onQuiet: (() => void) | undefined;
  const context: ServerContext = {
    limits,
    anyTarget: options.anyTarget === true,
    secure: tls !== undefined,
    deadlines: new Deadlines(time, sweepMs(limits)),
    isClosing: false,
    dateField: dateFields(() => time.clock.now()),
    onExchange: options.onExchange,
    refusalText: options.refusalText ?? refusalText,
    onRefused: (refusal) => options.onRefused?.(refusal),
    onDefect: (error) => options.onDefect?.(error),
    onGone(connection) {
      connections.delete(connection);
      if (connections.size === 0) onQuiet?.();
    },
  };
  const accept = (native: Socket<Channel>): void => {
    const channel = new Channel(native, nobody);
    if (connections.size >= limits.maxConnections || context.isClosing) {
      channel.destroy();
      return;
    }
    const connection = new ServerConnection(channel, context);
    channel.owner = connection;
    connections.add(connection);
  };
  const listener = Bun.listen<Channel>({
    hostname,
    port: options.port,
    ...(options.reusePort === true ? { reusePort: true } : {}),
    // The end of a request is told from the end of the connection: a body that breaks off is still answered.
    allowHalfOpen: true,
    ...(tls === undefined ? {} : { tls: { ...tls, rejectUnauthorized: tls.requestCert === true } }),
    socket: {
      ...channelHandlers,
      open: accept,
      error({ data: channel }, error) {
        // A reset by the client is no news, and the close event follows. Everything else is a defect of ours.
        if (!isReset(error)) context.onDefect(error);
        channel?.destroy();
      },
      handshake({ data: channel, authorized }, success) {
        if (!success || (tls?.requestCert === true && !authorized)) channel?.destroy();
      },
    },
  });
  const drain = (): void => {
    if (context.isClosing) return;
    context.isClosing = true;
    listener.stop(false);
  };
  return {
    hostname,
    port: listener.port,
    get connections() {
      return connections.size;
    },
    drain,
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
