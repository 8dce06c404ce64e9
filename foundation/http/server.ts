/** The HTTP server: connections, limits, the path of a request through its handler, and the end of it all. */

import { accessEntry, refuse } from "./admission.ts";
import { BodyError, RequestAborted } from "./body-errors.ts";
import { listen } from "./engine.ts";
import { type Connection, Exchange, type ServerContext } from "./exchange.ts";
import type { Framing } from "./framing.ts";
import { IdleWatch } from "./idle-watch.ts";
import { DEFAULT_LIMITS, MAX_PIPELINED } from "./limits.ts";
import type { HttpResponse } from "./message.ts";
import { isInternal, problemOf } from "./problem.ts";
import { faultRefusal, rawAnswer } from "./raw-answer.ts";
import { createRequestIds } from "./request-id.ts";
import { sendResponse } from "./response-writer.ts";
import { createServerMetrics } from "./server-metrics.ts";
import type { HttpLimits, HttpServer, HttpServerOptions } from "./server-types.ts";
import { acceptTunnels } from "./tunnel-server.ts";
import { acceptUpgrades } from "./websocket-server.ts";
import { type CoarseClock, ConnectionReader, type Fault } from "./wire/connection-reader.ts";
import { createDateField } from "./wire/response-text.ts";
import type { WireRequest } from "./wire/wire-request.ts";
import { type ResponseStyle, WireResponse } from "./wire/wire-response.ts";
import type { WireSocket } from "./wire/wire-socket.ts";

const DEFAULT_GRACE_MS = 5000;
/** Deadlines are kept to a quarter of the shortest limit, at most a second late. */
const SWEEP_MS_MAX = 1000;

/**
 * Starts a server and resolves when it accepts connections.
 *
 * Requests reach the handler with the raw target and the raw headers. What the handler throws becomes `onError`'s answer; a failure after the
 * head was sent cuts the connection.
 *
 * @throws the system's error when the address cannot be bound (EADDRINUSE, EACCES)
 */
export async function serveHttp(options: HttpServerOptions): Promise<HttpServer> {
  const limits: HttpLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const { handler, logger, accessLog } = options;
  const clock = options.clock ?? { now: Date.now };
  const nextId = options.requestId ?? createRequestIds();
  const onError = options.onError ?? ((error, request) => problemOf(error, request.path));
  const metrics = options.metrics && createServerMetrics(options.metrics, options.name ?? "http");
  const settings = {
    requestIdHeader: options.requestIdHeader === undefined ? "x-request-id" : options.requestIdHeader,
    closing: false,
  };
  const sweepMs = Math.min(
    SWEEP_MS_MAX,
    Math.max(10, Math.min(limits.bodyIdleTimeoutMs, limits.writeIdleTimeoutMs, limits.headersTimeoutMs) / 4),
  );
  const onFinished = (exchange: Exchange, complete: boolean): void => {
    exchange.onSent?.(exchange.bytesOut, complete);
    if (context.timed) {
      const seconds = (performance.now() - exchange.startedAt) / 1000;
      const bytesIn = exchange.touchedBody?.received ?? 0;
      metrics?.finished(exchange.method, exchange.status, seconds, bytesIn, exchange.bytesOut);
      accessLog?.(accessEntry(exchange, seconds * 1000, complete));
    }
    next(exchange.connection);
  };
  const context: ServerContext = {
    limits,
    idle: new IdleWatch(sweepMs),
    timed: metrics !== undefined || accessLog !== undefined,
    onFinished,
  };
  const style: ResponseStyle = {
    dateField: createDateField(() => clock.now()),
    keepAliveFields: `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(limits.keepAliveTimeoutMs / 1000)}\r\n`,
  };
  const upgrades =
    options.tunnel !== undefined
      ? acceptTunnels({
          tunnel: options.tunnel,
          logger,
          answer: (exchange, response) => answer(exchange, response),
          fail: (exchange, error) => fail(exchange, error),
        })
      : options.upgrade && acceptUpgrades({ upgrade: options.upgrade, logger });
  const connections = new Set<Connection>();
  let onQuiet: (() => void) | undefined;

  const accept = (socket: WireSocket, coarse: CoarseClock): ConnectionReader | undefined => {
    if (connections.size >= limits.maxConnections || settings.closing) return undefined;
    const events = {
      onRequest: (message: WireRequest, framing: Framing, persistent: boolean) =>
        receive(connection, message, framing, persistent),
      onUpgrade: (message: WireRequest, framing: Framing, rest: Uint8Array) =>
        upgrade(connection, message, framing, rest),
      onFault: (fault: Fault) => malformed(connection, fault),
      onDrain: () => connection.current?.response.drained(),
      onClose: () => left(connection),
      get busy(): boolean {
        return connection.current !== undefined;
      },
    };
    const connection: Connection = {
      socket,
      reader: new ConnectionReader(socket, events, limits, coarse, upgrades !== undefined),
      secure: options.tls !== undefined,
      current: undefined,
      waiting: [],
      closing: false,
    };
    connections.add(connection);
    metrics?.connection(1);
    return connection.reader;
  };

  const left = (connection: Connection): void => {
    connections.delete(connection);
    metrics?.connection(-1);
    connection.closing = true;
    connection.current?.abort();
    for (const exchange of connection.waiting.splice(0)) exchange.abort();
    if (connections.size === 0) onQuiet?.();
  };

  const exchangeOf = (
    connection: Connection,
    message: WireRequest,
    framing: Framing,
    persistent: boolean,
  ): Exchange => {
    const response = new WireResponse(connection.socket, message, style);
    return new Exchange(context, connection, message, response, framing, persistent, nextId(), clock.now());
  };

  const receive = (connection: Connection, message: WireRequest, framing: Framing, persistent: boolean): void => {
    if (connection.closing) return;
    if (connection.waiting.length >= MAX_PIPELINED) {
      connection.socket.destroy();
      return;
    }
    const exchange = exchangeOf(connection, message, framing, persistent);
    if (connection.current === undefined) handle(exchange);
    else connection.waiting.push(exchange);
  };

  const upgrade = (connection: Connection, message: WireRequest, framing: Framing, rest: Uint8Array): void => {
    if (upgrades === undefined || connection.closing || connection.current !== undefined) {
      connection.socket.destroy();
      return;
    }
    const exchange = exchangeOf(connection, message, framing, false);
    connection.current = exchange;
    connection.closing = true; // No request follows on this connection, whatever the decision.
    upgrades.accept(exchange, rest);
  };

  const handle = (exchange: Exchange): void => {
    exchange.connection.current = exchange;
    exchange.connection.reader.begin(exchange.message);
    metrics?.started();
    const refused = refuse(exchange, limits);
    if (refused !== undefined) {
      answer(exchange, refused);
      return;
    }
    let result: HttpResponse | Promise<HttpResponse>;
    try {
      result = handler(exchange);
    } catch (error) {
      fail(exchange, error);
      return;
    }
    if (result instanceof Promise) {
      result.then(
        (response) => answer(exchange, response),
        (error) => fail(exchange, error),
      );
    } else answer(exchange, result);
  };

  const answer = (exchange: Exchange, response: HttpResponse): void => {
    exchange.onSent = response.onSent;
    try {
      sendResponse(exchange, response, settings, (error) => broken(exchange, error))?.catch((error) =>
        fail(exchange, error),
      );
    } catch (error) {
      fail(exchange, error);
    }
  };

  /** Answers what was thrown; when even that cannot be sent, the connection is cut. */
  const fail = (exchange: Exchange, error: unknown): void => {
    if (isInternal(error)) {
      logger?.error("request failed", { requestId: exchange.id, method: exchange.method, path: exchange.path, error });
    }
    if (exchange.closed || exchange.finished) {
      exchange.finish(false);
      return;
    }
    try {
      if (exchange.response.headersSent) throw error;
      const response = onError(error, exchange);
      exchange.onSent = response.onSent;
      sendResponse(exchange, response, { ...settings, closing: settings.closing || closes(error) }, (later) =>
        broken(exchange, later),
      )?.catch((later) => cut(exchange, later));
    } catch (later) {
      cut(exchange, later);
    }
  };

  const cut = (exchange: Exchange, error: unknown): void => {
    broken(exchange, error);
    exchange.finish(false);
    exchange.connection.closing = true;
    exchange.connection.socket.destroy();
  };

  const broken = (exchange: Exchange, error: unknown): void => {
    logger?.error("answer broke off", { requestId: exchange.id, method: exchange.method, path: exchange.path, error });
  };

  const next = (connection: Connection): void => {
    connection.current = undefined;
    if (connection.closing) {
      connection.waiting.length = 0;
      connection.reader.stop();
      connection.socket.endLingering();
      return;
    }
    const waiting = connection.waiting.shift();
    if (waiting !== undefined) handle(waiting);
    else if (settings.closing) connection.socket.end();
    else connection.reader.rest();
  };

  const malformed = (connection: Connection, fault: Fault): void => {
    const exchange = connection.current;
    if (exchange !== undefined) {
      connection.closing = true;
      // Garbage behind a whole request: that request is still answered, then the connection closes.
      if (exchange.incoming.finished) return;
      exchange.incoming.failIncomplete();
      if (exchange.status !== 0) {
        connection.socket.destroy();
        return;
      }
    }
    connection.socket.write(rawAnswer(faultRefusal(fault)));
    connection.socket.endLingering();
  };

  let stopped: Promise<void> | undefined;
  const drain = (): void => {
    if (settings.closing) return;
    settings.closing = true;
    // Connections that the system has taken while this process was busy would be reset with the listener: they are let in first.
    stopped = turnOfSockets().then(() => engine.stop());
  };
  const engine = await listen(options, limits, accept, (error) => logger?.error("a connection failed", { error }));
  const host = engine.address.includes(":") ? `[${engine.address}]` : engine.address;

  return {
    port: engine.port,
    address: engine.address,
    url: `${options.tls === undefined ? "http" : "https"}://${host}:${engine.port}`,
    get connections() {
      return connections.size;
    },
    drain,
    async close(graceMs = DEFAULT_GRACE_MS) {
      drain();
      await stopped;
      // Requests that have arrived, but were not read yet, are answered rather than cut.
      await turnOfSockets();
      upgrades?.closeAll();
      for (const { socket, current } of connections) if (current === undefined) socket.end();
      if (connections.size > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, graceMs);
          onQuiet = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      for (const { socket } of connections) socket.destroy();
      engine.close();
      context.idle.close();
    },
  };
}

/** Resolves when all sockets have been read since, for timers take turns with them, and when what they brought has been looked at, which immediates do. */
async function turnOfSockets(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => void setTimeout(resolve, 1));
  await new Promise<void>((resolve) => void setImmediate(resolve));
}

/** Whether the connection is of no further use after this error. */
function closes(error: unknown): boolean {
  return error instanceof BodyError && !(error instanceof RequestAborted) && error.status !== 413;
}
