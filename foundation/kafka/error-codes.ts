/** Error codes of Kafka's protocol guide, as far as they come back to those who produce. Pure. */

export const OK = 0;

interface CodeEntry {
  readonly name: string;
  /**
   * `again`: nothing was written, another attempt may succeed. `moved`: the same, and where the leader is has to be asked anew. `unknown`: it may have been written; the same batch may be sent again.
   * `session`: nothing was written, as the cluster does not know the producer any more. `twice`: it was written before. `large`, `refused`: never.
   */
  readonly means: "again" | "moved" | "unknown" | "session" | "twice" | "large" | "refused";
}

const CODES: Readonly<Record<number, CodeEntry>> = {
  2: { name: "CORRUPT_MESSAGE", means: "again" },
  3: { name: "UNKNOWN_TOPIC_OR_PARTITION", means: "moved" },
  5: { name: "LEADER_NOT_AVAILABLE", means: "moved" },
  6: { name: "NOT_LEADER_OR_FOLLOWER", means: "moved" },
  7: { name: "REQUEST_TIMED_OUT", means: "unknown" },
  10: { name: "MESSAGE_TOO_LARGE", means: "large" },
  13: { name: "NETWORK_EXCEPTION", means: "unknown" },
  14: { name: "COORDINATOR_LOAD_IN_PROGRESS", means: "again" },
  15: { name: "COORDINATOR_NOT_AVAILABLE", means: "again" },
  16: { name: "NOT_COORDINATOR", means: "again" },
  17: { name: "INVALID_TOPIC_EXCEPTION", means: "refused" },
  18: { name: "RECORD_LIST_TOO_LARGE", means: "large" },
  19: { name: "NOT_ENOUGH_REPLICAS", means: "again" },
  20: { name: "NOT_ENOUGH_REPLICAS_AFTER_APPEND", means: "unknown" },
  29: { name: "TOPIC_AUTHORIZATION_FAILED", means: "refused" },
  31: { name: "CLUSTER_AUTHORIZATION_FAILED", means: "refused" },
  41: { name: "NOT_CONTROLLER", means: "again" },
  45: { name: "OUT_OF_ORDER_SEQUENCE_NUMBER", means: "session" },
  46: { name: "DUPLICATE_SEQUENCE_NUMBER", means: "twice" },
  47: { name: "INVALID_PRODUCER_EPOCH", means: "session" },
  56: { name: "KAFKA_STORAGE_ERROR", means: "moved" },
  58: { name: "SASL_AUTHENTICATION_FAILED", means: "refused" },
  59: { name: "UNKNOWN_PRODUCER_ID", means: "session" },
  74: { name: "FENCED_LEADER_EPOCH", means: "moved" },
  75: { name: "UNKNOWN_LEADER_EPOCH", means: "moved" },
  87: { name: "INVALID_RECORD", means: "refused" },
  89: { name: "THROTTLING_QUOTA_EXCEEDED", means: "again" },
};

export const meaningOf = (code: number): CodeEntry["means"] => CODES[code]?.means ?? "refused";

export const nameOf = (code: number): string => CODES[code]?.name ?? `error ${code}`;
