/** What gateways of tests say. */
import type { GatewayMessage } from "#contracts";

export const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;

export const HEALTH = {
  requests_total: 3,
  errors_total: 1,
  p50_ms: 1,
  p99_ms: 2,
  memory_bytes: 1024,
  event_loop_lag_ms: 0.5,
} as const;

export const registration = (apiKey: string, projectId: string, instanceId: string, more: object = {}) =>
  ({
    type: "register",
    protocol: 1,
    project_id: projectId,
    api_key: apiKey,
    instance_id: instanceId,
    artifact_digest: null,
    metadata: { version: "1.0.0", hostname: "here" },
    ...more,
  }) as GatewayMessage;
