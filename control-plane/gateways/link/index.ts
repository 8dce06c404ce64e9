/** The control plane's end of the link to gateways: who is connected, what each is told, and when it is let in no more. */
export {
  createGatewayLink,
  type GatewayClient,
  type GatewayLink,
  type GatewayLinkOptions,
  type GatewaySession,
  type RefusedGateway,
} from "./gateway-link.ts";
export { acceptGatewaySocket, gatewayKeyOf } from "./gateway-socket.ts";
