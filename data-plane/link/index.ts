/** The client end of the change stream: the local catalog, and the way to the control plane. */

export * from "./catalog.ts";
export {
  type AcceptChangeStream,
  type ChangeStreamClient,
  type ChangeStreamServer,
  inProcessTransport,
} from "./in-process-transport.ts";
export type { Link, LinkOptions, LinkReport } from "./link.ts";
export type { LinkPhase } from "./machine-types.ts";
export { openLink } from "./open-link.ts";
export { type WebSocketTransportOptions, webSocketTransport } from "./web-socket-transport.ts";
