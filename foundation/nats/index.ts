/** A client that publishes to NATS: every message is confirmed by a server, or by a stream (JetStream). */

export { type NatsAddress, parseNatsAddress } from "./nats-address.ts";
export {
  createNatsClient,
  type NatsClient,
  type NatsClientOptions,
} from "./nats-client.ts";
export { NatsRefused, NatsUnavailable, NatsUncertain } from "./nats-errors.ts";
export { isHeaderName, isSubject, type NatsMessage, type StreamAck } from "./nats-message.ts";
export { isNkeySeed } from "./nkey.ts";
