/** What a gateway can be told. */
import type { KeyObject } from "node:crypto";

export interface GatewayLimits {
  /** Of a request's body → 413. */
  readonly maxBodyBytes: number;
  /** Of an answer that a middleware wants whole → 502. */
  readonly maxAnswerBytes: number;
  /** Of a target → 414. */
  readonly maxTargetBytes: number;
  /** Fields of a request → 431. */
  readonly maxFields: number;
  /** Of a head → 431. */
  readonly maxHeadBytes: number;
  readonly maxConnections: number;
  /** Connections that have left HTTP, as WebSockets do; one more → 503. */
  readonly maxTunnels: number;
  /** Within which a head has to come → 408. */
  readonly headTimeoutMs: number;
  /** Within which more of a body has to come, while somebody waits for it → 408. */
  readonly bodyTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_GATEWAY_LIMITS: GatewayLimits = {
  maxBodyBytes: MIB,
  maxAnswerBytes: 16 * MIB,
  maxTargetBytes: 8 * 1024,
  maxFields: 100,
  maxHeadBytes: 64 * 1024,
  maxConnections: 10_000,
  maxTunnels: 10_000,
  headTimeoutMs: 20_000,
  bodyTimeoutMs: 30_000,
  idleTimeoutMs: 65_000,
};

/** Which artifacts are used. */
export interface TrustPolicy {
  readonly trustedKeys: readonly KeyObject[];
  readonly requireSignature: boolean;
}
