/** The client end of the change stream: the local catalog, and the way to the control plane. */

export { backoffMs } from "./backoff.ts";
export * from "./catalog.ts";
export { type AcceptStream, inProcessTransport, type StreamClient, type StreamServer } from "./in-process-transport.ts";
export { HANDSHAKE_TIMEOUT_MS, HEARTBEAT_MS_DEFAULT, HEARTBEAT_MS_MAX, HEARTBEAT_MS_MIN } from "./limits.ts";
export type { Link, LinkOptions, LinkReport } from "./link.ts";
export type { LinkPhase } from "./machine-types.ts";
export { openLink } from "./open-link.ts";
export {
  socketUrl,
  type WebSocketTransportOptions,
  webSocketStream,
  webSocketTransport,
} from "./web-socket-transport.ts";
