/** Gateways at `/ws/data-plane`. */
import { GATEWAY_FLEET_MESSAGE_BYTES_MAX } from "#contracts";
import { GATEWAY_KEY_PREFIX } from "#control-plane/gateways/fleet";
import { CLOSE, type HttpRequest, ProblemError, type WebSocketAccept } from "#foundation/http";
import type { GatewayLink, RefusedGateway } from "./gateway-link.ts";

const BEARER = /^Bearer (\S{1,512})$/i;

/** The key of a gateway that a request shows; undefined for one that shows something else. */
export function gatewayKeyOf(request: HttpRequest): string | undefined {
  const [, token] = BEARER.exec(request.headers.get("authorization") ?? "") ?? [];
  return token?.startsWith(GATEWAY_KEY_PREFIX) === true ? token : undefined;
}

export interface GatewayDoor {
  /** Called for a key that there is none of; may throw to slow down who guesses. */
  onStranger(): void;
  /** Called when somebody with a key is not let in. */
  onRefused(refusal: RefusedGateway): void;
}

/**
 * @param apiKey that the request has shown
 * @throws ProblemError 401, 503
 */
export function acceptGatewaySocket(apiKey: string, link: GatewayLink, door: GatewayDoor): WebSocketAccept {
  if (!link.knows(apiKey)) {
    door.onStranger();
    throw new ProblemError({ status: 401, code: "UNAUTHENTICATED", title: "This control plane has no such key." });
  }
  if (!link.hasRoom) {
    throw new ProblemError(
      { status: 503, code: "TOO_MANY_CONNECTIONS", title: "Too many gateways are connecting; try again later." },
      { headers: [["retry-after", "5"]] },
    );
  }
  return {
    kind: "accept",
    limits: { maxMessageBytes: GATEWAY_FLEET_MESSAGE_BYTES_MAX },
    onOpen(connection) {
      const session = link.accept(apiKey, {
        send: (message) => connection.send(JSON.stringify(message)),
        close: (reason) => connection.close(CLOSE.normal, reason.slice(0, 123)),
        refused: (refusal) => door.onRefused(refusal),
      });
      connection.onClose(() => session.closed());
      connection.onMessage((data) => session.receive(data));
    },
  };
}
