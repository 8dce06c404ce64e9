/** Connections that leave HTTP for a protocol that the server does not know, such as those of a proxy. */

import type { Logger } from "#foundation/telemetry";
import type { Exchange } from "./exchange.ts";
import type { HttpResponse } from "./message.ts";
import type { Upgrades } from "./websocket-server.ts";
import type { TunnelHandler } from "./websocket-types.ts";
import type { WireSocket } from "./wire/wire-socket.ts";

export interface TunnelOptions {
  readonly tunnel: TunnelHandler;
  readonly logger: Logger | undefined;
  /** Sends an ordinary answer. */
  readonly answer: (exchange: Exchange, response: HttpResponse) => void;
  /** Answers what was thrown. */
  readonly fail: (exchange: Exchange, error: unknown) => void;
}

/** Lets `options.tunnel` decide on each request that wants to leave. */
export function acceptTunnels(options: TunnelOptions): Upgrades {
  const open = new Set<WireSocket>();
  return {
    accept(exchange, rest) {
      const { socket } = exchange.connection;
      options.tunnel(exchange).then(
        (decision) => {
          if (!("kind" in decision)) {
            options.answer(exchange, decision);
            return;
          }
          if (exchange.closed) {
            decision.abandon();
            return;
          }
          open.add(socket);
          socket.on("close", () => open.delete(socket));
          socket.write(decision.head);
          decision.onOpen(socket, rest);
        },
        (error: unknown) => options.fail(exchange, error),
      );
    },
    closeAll() {
      for (const socket of open) socket.end();
    },
  };
}
