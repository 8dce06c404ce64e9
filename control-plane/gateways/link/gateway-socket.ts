/** Gateways at `/ws/data-plane`. */
import { GATEWAY_FLEET_MESSAGE_BYTES_MAX } from "#contracts";
import { GATEWAY_KEY_PREFIX } from "#control-plane/gateways/fleet";
import { CLOSE, type HttpRequest, ProblemError, type WebSocketAccept } from "#foundation/http";
import type { GatewayLink } from "./gateway-link.ts";

const BEARER = /^Bearer (\S{1,512})$/i;

/** The key of a gateway that a request shows; undefined for one that shows something else. */
export function gatewayKeyOf(request: HttpRequest): string | undefined {
  const [, token] = BEARER.exec(request.headers.get("authorization") ?? "") ?? [];
  return token?.startsWith(GATEWAY_KEY_PREFIX) === true ? token : undefined;
}

/**
 * @param apiKey that the request has shown
 * @param onStranger called for a key that there is none of; may throw to slow down who guesses
 * @throws ProblemError 401, 503
 */
export function acceptGatewaySocket(apiKey: string, link: GatewayLink, onStranger: () => void): WebSocketAccept {
  if (!link.knows(apiKey)) {
    onStranger();
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
      });
      connection.onClose(() => session.closed());
      connection.onMessage((data) => session.receive(data));
    },
  };
}
