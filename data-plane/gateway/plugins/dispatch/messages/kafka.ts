/** `kafka`: a request is a message, published to a topic and answered when the replicas of its partition have it. */
import { createHash } from "node:crypto";
import type { JsonObject } from "#foundation/gateway-artifact";
import {
  createKafkaProducer,
  type KafkaProducer,
  KafkaRefused,
  type KafkaSasl,
  KafkaUnavailable,
  KafkaUncertain,
  parseBrokers,
} from "#foundation/kafka";
import type { Answer } from "../../../message/answer.ts";
import { problem } from "../../../problems.ts";
import type { Dispatcher, DispatcherPlugin, PluginHost } from "../../plugin.ts";
import { type TlsConfig, tlsOf } from "../upstream/upstream-config.ts";
import { type AckResponse, acknowledging } from "./acknowledgement.ts";
import { Publishing, type Unconfirmed } from "./publishing.ts";
import { headersOf, textOf } from "./request-texts.ts";

interface KafkaConfig {
  readonly brokers: string;
  readonly topic: string;
  readonly key?: string;
  readonly acks: "all" | "leader";
  readonly idempotent: boolean;
  readonly tls?: TlsConfig;
  readonly sasl?: KafkaSasl;
  readonly headers_from_request: readonly string[];
  readonly ack_response: AckResponse;
  readonly include_metadata: boolean;
  readonly timeout: number;
  readonly max_in_flight: number;
}

/** Partitions need no longer ones. */
const KEY_MAX = 4_096;

export const kafka: DispatcherPlugin = {
  name: "kafka",
  setup(config: JsonObject, host: PluginHost): Dispatcher {
    const parsed = config as unknown as KafkaConfig;
    const { topic, ack_response, include_metadata } = parsed;
    const { producer, publishing } = keptProducer(parsed, host);
    const keyOf = parsed.key === undefined ? undefined : textOf(parsed.key);
    const fieldsOf = headersOf(parsed.headers_from_request);
    const acknowledge = acknowledging(ack_response, include_metadata);
    return {
      readsRequestBody: true,
      dispatch(exchange): Answer | Promise<Answer> {
        const key = keyOf?.(exchange);
        if (key !== undefined && key.length > KEY_MAX) {
          return problem("bad-request", { detail: "The key of the message would be too long." });
        }
        const value = exchange.request.body.bytes ?? Buffer.alloc(0);
        const headers = fieldsOf(exchange);
        const publish = async (): Promise<JsonObject> => {
          const { partition, offset } = await producer.publish({
            topic,
            value,
            headers,
            ...(key === undefined ? {} : { key: Buffer.from(key) }),
          });
          // A number as long as JSON's readers take it for what it is.
          return { topic, partition, ...(offset === undefined ? {} : { offset: Number(offset) }) };
        };
        return publishing.run(value.length, publish, whyOf, acknowledge);
      },
    };
  },
};

/** Operations that go to the same cluster as the same user share a producer, and another artifact takes it over. */
function keptProducer(config: KafkaConfig, host: PluginHost): { producer: KafkaProducer; publishing: Publishing } {
  const { brokers, acks, idempotent, tls, sasl, timeout, max_in_flight } = config;
  const parts = [brokers, acks, idempotent, tls, sasl, timeout, max_in_flight];
  const key = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  return host.keep("kafka", key, () => {
    const { clock, timers, random, log } = host;
    const producer = createKafkaProducer({
      brokers: parseBrokers(brokers),
      tls: tls === undefined ? undefined : tlsOf(tls),
      sasl,
      acks,
      idempotent,
      timeoutMs: timeout * 1000,
      waitingMax: max_in_flight,
      clock,
      timers,
      random,
      onTrouble: (reason) => log.debug("a broker of Kafka cannot be reached", { reason }),
    });
    return { producer, publishing: new Publishing("kafka", max_in_flight, host), close: () => producer.close() };
  });
}

function whyOf(error: unknown): Unconfirmed {
  if (error instanceof KafkaUnavailable) return "unavailable";
  if (error instanceof KafkaUncertain) return error.isLate ? "late" : "lost";
  if (error instanceof KafkaRefused) return error.isTooLarge ? "too-large" : "refused";
  throw error;
}
