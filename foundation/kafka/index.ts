/** A producer for Kafka: messages are acknowledged by all replicas in sync, in the order of each partition, each once. */

export { type BrokerAddress, parseBrokers } from "./broker-address.ts";
export type { KafkaSasl, KafkaTls, SaslMechanism } from "./broker-connection.ts";
export { KafkaRefused, KafkaUnavailable, KafkaUncertain } from "./kafka-errors.ts";
export {
  createKafkaProducer,
  type KafkaMessage,
  type KafkaProducer,
  type KafkaProducerOptions,
  type MessagePlace,
} from "./kafka-producer.ts";
