/** WebSocket upgrades on an HTTP server. */

import { type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Logger } from "#foundation/telemetry";
import { type Connection, Exchange, type ServerContext } from "./exchange.ts";
import { readFraming } from "./framing.ts";
import type { HttpResponse } from "./message.ts";
import { isInternal, problemOf } from "./problem.ts";
import { plain, rawAnswer } from "./raw-answer.ts";
import { disposeBody } from "./response-writer.ts";
import type { HttpClock } from "./server-types.ts";
import { SocketWebSocket } from "./websocket-connection.ts";
import { CLOSE } from "./websocket-frames.ts";
import { checkHandshake, switchingProtocols } from "./websocket-handshake.ts";
import type { UpgradeHandler, WebSocketAccept } from "./websocket-types.ts";

export interface UpgradeOptions {
  readonly upgrade: UpgradeHandler;
  readonly connections: ReadonlyMap<Socket, Connection>;
  readonly context: ServerContext;
  readonly clock: HttpClock;
  readonly nextId: () => string;
  readonly logger: Logger | undefined;
}

export interface Upgrades {
  /** Closes all open WebSockets with 1001. */
  closeAll(): void;
}

/** Lets `options.upgrade` decide on each upgrade request. */
export function acceptUpgrades(server: Server, options: UpgradeOptions): Upgrades {
  const open = new Set<SocketWebSocket>();
  server.on("upgrade", (message: IncomingMessage, stream, head: Uint8Array) => {
    const socket = stream as Socket;
    const connection = options.connections.get(socket);
    if (connection === undefined || connection.closing || connection.current !== undefined) {
      socket.destroy();
      return;
    }
    const exchange = upgradeExchange(message, connection, options);
    connection.current = exchange;
    connection.closing = true; // No request follows on this connection, whatever the decision.
    decide(exchange, options).then(
      (decision) => {
        if (exchange.closed) {
          if (!isAccept(decision)) disposeBody(decision);
          return;
        }
        if (isAccept(decision)) join(exchange, decision, head);
        else refuse(socket, decision);
      },
      (error) => {
        if (isInternal(error)) options.logger?.error("upgrade failed", { requestId: exchange.id, error });
        if (!exchange.closed) refuse(socket, problemOf(error, exchange.path));
      },
    );
  });

  const join = (exchange: Exchange, accept: WebSocketAccept, head: Uint8Array): void => {
    const { socket } = exchange.connection;
    const key = exchange.headers.get("sec-websocket-key")!;
    try {
      socket.write(switchingProtocols(key, accept.protocol, accept.headers ?? []));
    } catch (error) {
      options.logger?.error("upgrade failed", { requestId: exchange.id, error });
      refuse(socket, problemOf(error, exchange.path));
      return;
    }
    const webSocket = new SocketWebSocket(socket, head, {
      side: "server",
      request: exchange,
      onListenerError: (error) => options.logger?.error("websocket listener failed", { requestId: exchange.id, error }),
      ...(accept.limits === undefined ? {} : { limits: accept.limits }),
    });
    open.add(webSocket);
    webSocket.onClose(() => open.delete(webSocket));
    try {
      accept.onOpen(webSocket);
    } catch (error) {
      options.logger?.error("websocket listener failed", { requestId: exchange.id, error });
      webSocket.close(CLOSE.internalError);
    }
  };

  return {
    closeAll() {
      for (const webSocket of open) webSocket.close(CLOSE.goingAway, "The server is going away.");
    },
  };
}

function upgradeExchange(message: IncomingMessage, connection: Connection, options: UpgradeOptions): Exchange {
  const framing = readFraming(message.rawHeaders, message.httpVersion);
  // The response object is never sent: the engine has left this connection to us.
  const unused = new ServerResponse(message);
  return new Exchange(
    options.context,
    connection,
    message,
    unused,
    framing,
    options.nextId(),
    options.clock.now(),
    false,
  );
}

async function decide(exchange: Exchange, options: UpgradeOptions): Promise<WebSocketAccept | HttpResponse> {
  const { refusal } = readFraming(exchange.message.rawHeaders, exchange.message.httpVersion);
  if (refusal !== undefined) return plain(400, `The request has ${refusal}.`);
  const check = checkHandshake(exchange.method, exchange.headers);
  if (!check.ok) {
    const answer = plain(check.status, check.reason);
    return { ...answer, headers: [...(answer.headers ?? []), ["sec-websocket-version", "13"]] };
  }
  const decision = await options.upgrade(exchange);
  if (isAccept(decision) && decision.protocol !== undefined && !check.protocols.includes(decision.protocol)) {
    throw new Error(`The client did not offer the protocol ${decision.protocol}.`);
  }
  return decision;
}

function isAccept(decision: WebSocketAccept | HttpResponse): decision is WebSocketAccept {
  return "kind" in decision;
}

function refuse(socket: Socket, response: HttpResponse): void {
  try {
    socket.end(rawAnswer(response));
  } catch {
    socket.destroy();
  }
  disposeBody(response);
}
