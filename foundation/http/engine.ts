/** The engine underneath: Bun's sockets, plain or in TLS. Nothing else in the room listens. */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { SocketHandler } from "bun";
import { type Channel, channelHandlers, lookNow } from "#foundation/http1";
import type { HttpLimits, HttpServerOptions } from "./server-types.ts";
import type { CoarseClock, ConnectionReader } from "./wire/connection-reader.ts";
import { WireSocket } from "./wire/wire-socket.ts";

/** How often the engine looks for heads that are late, at most. */
const CHECK_MS_MAX = 1000;

export interface Engine {
  readonly address: string;
  readonly port: number;
  /** Takes no further connections. */
  stop(): void;
  /** Ends the watch over connections; after the last of them has gone. */
  close(): void;
}

/**
 * Listens.
 *
 * @param accept gives the reader of a new connection, or undefined for one that is not wanted
 * @param onDefect told what a reader or its server threw; the connection closes
 * @throws the system's error (EADDRINUSE, EACCES, ENOTFOUND)
 */
export async function listen(
  options: Pick<HttpServerOptions, "hostname" | "port" | "tls" | "reusePort">,
  limits: HttpLimits,
  accept: (socket: WireSocket, clock: CoarseClock) => ConnectionReader | undefined,
  onDefect: (error: unknown) => void,
): Promise<Engine> {
  const { tls } = options;
  const clock: CoarseClock = { now: performance.now() };
  const readers = new Map<Channel, ConnectionReader>();
  const hostname = await addressOf(options.hostname ?? "127.0.0.1");
  const socket: SocketHandler<Channel> = {
    ...channelHandlers,
    open(native) {
      const wire = new WireSocket(native, onDefect);
      const reader = accept(wire, clock);
      if (reader === undefined) {
        wire.destroy();
        return;
      }
      wire.owner = reader;
      readers.set(native.data, reader);
    },
    close(native, error) {
      readers.delete(native.data);
      channelHandlers.close?.(native, error);
    },
    error({ data: channel }, error) {
      // A reset by the client is no news, and the close event follows. Everything else is a defect of ours.
      if (channel === undefined || errorCode(error) === "ECONNRESET" || errorCode(error) === "EPIPE") return;
      onDefect(error);
      channel.destroy();
    },
    handshake(native, success) {
      if (!success || (tls?.requestCert === true && !native.authorized)) native.data?.destroy();
    },
  };
  const listener = Bun.listen<Channel>({
    hostname,
    port: options.port,
    ...(options.reusePort === true ? { reusePort: true } : { exclusive: true }),
    // The end of a request is told from the end of the connection: a body that breaks off is still answered.
    allowHalfOpen: true,
    ...(tls === undefined ? {} : { tls: { ...tls, rejectUnauthorized: tls.requestCert === true } }),
    socket,
  });
  const shortest = Math.min(limits.headersTimeoutMs, limits.keepAliveTimeoutMs);
  const sweep = setInterval(
    () => {
      lookNow();
      clock.now = performance.now();
      for (const reader of readers.values()) if (reader.deadline < clock.now) reader.expire();
    },
    Math.min(CHECK_MS_MAX, Math.max(20, shortest / 4)),
  );
  sweep.unref();
  return {
    address: hostname,
    port: listener.port,
    stop: () => listener.stop(false),
    close: () => clearInterval(sweep),
  };
}

/** The address of a name: the server tells which one it has. */
async function addressOf(hostname: string): Promise<string> {
  if (isIP(hostname) !== 0) return hostname;
  return (await lookup(hostname)).address;
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
