/** WebSocket upgrades on an HTTP server. */

import type { Logger } from "#foundation/telemetry";
import type { Exchange } from "./exchange.ts";
import type { HttpResponse } from "./message.ts";
import { isInternal, problemOf } from "./problem.ts";
import { plain, rawAnswer } from "./raw-answer.ts";
import { disposeBody } from "./response-writer.ts";
import { SocketWebSocket } from "./websocket-connection.ts";
import { CLOSE } from "./websocket-frames.ts";
import { checkHandshake, switchingProtocols } from "./websocket-handshake.ts";
import type { UpgradeHandler, WebSocketAccept } from "./websocket-types.ts";
import type { WireSocket } from "./wire/wire-socket.ts";

export interface UpgradeOptions {
  readonly upgrade: UpgradeHandler;
  readonly logger: Logger | undefined;
}

export interface Upgrades {
  /**
   * Decides on an upgrade request. The exchange is never answered through its response: its connection has been left to us.
   * @param rest bytes that arrived behind the request
   */
  accept(exchange: Exchange, rest: Uint8Array): void;
  /** Closes all open WebSockets with 1001. */
  closeAll(): void;
}

/** Lets `options.upgrade` decide on each upgrade request. */
export function acceptUpgrades(options: UpgradeOptions): Upgrades {
  const open = new Set<SocketWebSocket>();

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
    accept(exchange, rest) {
      const { socket } = exchange.connection;
      decide(exchange, options).then(
        (decision) => {
          if (exchange.closed) {
            if (!isAccept(decision)) disposeBody(decision);
            return;
          }
          if (isAccept(decision)) join(exchange, decision, rest);
          else refuse(socket, decision);
        },
        (error) => {
          if (isInternal(error)) options.logger?.error("upgrade failed", { requestId: exchange.id, error });
          if (!exchange.closed) refuse(socket, problemOf(error, exchange.path));
        },
      );
    },
    closeAll() {
      for (const webSocket of open) webSocket.close(CLOSE.goingAway, "The server is going away.");
    },
  };
}

async function decide(exchange: Exchange, options: UpgradeOptions): Promise<WebSocketAccept | HttpResponse> {
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

function refuse(socket: WireSocket, response: HttpResponse): void {
  try {
    socket.write(rawAnswer(response));
    socket.endLingering();
  } catch {
    socket.destroy();
  }
  disposeBody(response);
}
