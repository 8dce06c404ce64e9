/** The HTTP server: connections, limits, the path of a request through its handler, and the end of it all. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { accessEntry, refuse } from "./admission.ts";
import { BodyError, RequestAborted } from "./body-errors.ts";
import { createEngine, listen } from "./engine.ts";
import { type Connection, Exchange, type ServerContext } from "./exchange.ts";
import { readFraming } from "./framing.ts";
import { IdleWatch } from "./idle-watch.ts";
import { DEFAULT_LIMITS, MAX_PIPELINED } from "./limits.ts";
import type { HttpResponse } from "./message.ts";
import { isInternal, problemOf } from "./problem.ts";
import { parserRefusal, rawAnswer } from "./raw-answer.ts";
import { createRequestIds } from "./request-id.ts";
import { sendResponse } from "./response-writer.ts";
import { createServerMetrics } from "./server-metrics.ts";
import type { HttpLimits, HttpServer, HttpServerOptions } from "./server-types.ts";
import { acceptUpgrades } from "./websocket-server.ts";

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
    exchange.answer?.onSent?.(exchange.bytesOut, complete);
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
  const connections = new Map<Socket, Connection>();
  let onQuiet: (() => void) | undefined;

  const accept = (socket: Socket): void => {
    if (connections.size >= limits.maxConnections || settings.closing) {
      socket.destroy();
      return;
    }
    const connection: Connection = {
      socket,
      remoteAddress: socket.remoteAddress ?? "",
      secure: options.tls !== undefined,
      current: undefined,
      waiting: [],
      closing: false,
    };
    connections.set(socket, connection);
    metrics?.connection(1);
    socket.on("error", () => {}); // The close event follows; a reset by the client is no news.
    socket.on("close", () => {
      connections.delete(socket);
      metrics?.connection(-1);
      connection.closing = true;
      connection.current?.abort();
      for (const exchange of connection.waiting.splice(0)) exchange.abort();
      if (connections.size === 0) onQuiet?.();
    });
  };

  const receive = (message: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void => {
    const connection = connections.get(message.socket);
    if (connection === undefined || connection.closing) {
      message.socket.destroy();
      return;
    }
    const framing = readFraming(message.rawHeaders, message.httpVersion);
    const exchange = new Exchange(
      context,
      connection,
      message,
      response,
      framing,
      nextId(),
      clock.now(),
      awaitsContinue,
    );
    if (connection.current === undefined) {
      handle(exchange, framing.refusal);
      return;
    }
    if (connection.waiting.length >= MAX_PIPELINED) {
      message.socket.destroy();
      return;
    }
    connection.waiting.push(exchange);
  };

  const handle = (exchange: Exchange, refusal: string | undefined): void => {
    exchange.connection.current = exchange;
    metrics?.started();
    const refused = refuse(exchange, refusal, limits);
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
    exchange.answer = response;
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
      for (const name of exchange.response.getHeaderNames()) exchange.response.removeHeader(name);
      const response = onError(error, exchange);
      exchange.answer = response;
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
      connection.socket.destroySoon();
      return;
    }
    const waiting = connection.waiting.shift();
    if (waiting !== undefined) {
      handle(waiting, readFraming(waiting.message.rawHeaders, waiting.message.httpVersion).refusal);
    } else if (settings.closing) connection.socket.destroySoon();
  };

  const malformed = (error: Error & { code?: string }, socket: Socket): void => {
    const exchange = connections.get(socket)?.current;
    if (exchange !== undefined) {
      exchange.connection.closing = true;
      // Garbage behind a whole request: that request is still answered, then the connection closes.
      if (exchange.incoming.finished) return;
      exchange.incoming.failIncomplete();
      if (exchange.status !== 0) {
        socket.destroy();
        return;
      }
    }
    const refusal = parserRefusal(error.code);
    if (refusal === undefined || !socket.writable) socket.destroy();
    else socket.end(rawAnswer(refusal));
  };

  const server = createEngine(options, limits);
  server.on("connection", accept);
  server.on("request", (message, response) => receive(message, response, false));
  server.on("checkContinue", (message, response) => receive(message, response, true));
  server.on("clientError", (error, socket) => malformed(error, socket as Socket));
  const upgrades =
    options.upgrade &&
    acceptUpgrades(server, { upgrade: options.upgrade, connections, context, clock, nextId, logger });
  const address = await listen(server, options.hostname ?? "127.0.0.1", options.port);
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;

  return {
    port: address.port,
    address: address.address,
    url: `${options.tls === undefined ? "http" : "https"}://${host}:${address.port}`,
    get connections() {
      return connections.size;
    },
    async close(graceMs = DEFAULT_GRACE_MS) {
      if (!settings.closing) {
        settings.closing = true;
        server.close();
        upgrades?.closeAll();
        for (const { socket, current } of connections.values()) if (current === undefined) socket.destroySoon();
      }
      if (connections.size > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, graceMs);
          onQuiet = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      for (const socket of connections.keys()) socket.destroy();
      server.closeAllConnections();
      context.idle.close();
    },
  };
}

/** Whether the connection is of no further use after this error. */
function closes(error: unknown): boolean {
  return error instanceof BodyError && !(error instanceof RequestAborted) && error.status !== 413;
}
