/** Reads what gateways send. Whoever has a key may still be broken, older, newer or hostile. */
import type { GatewayMessage } from "#contracts";

type Json = Readonly<Record<string, unknown>>;

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const INSTANCE = /^[A-Za-z0-9._:-]{1,128}$/;

/** Of names and versions, which are shown to people. */
const TEXT_MAX = 256;
/** Of reasons. */
const REASON_MAX = 4_000;

/** "unknown" for a type of a later version, to be ignored; undefined for what is no message of this protocol. */
export function readGatewayMessage(data: string | Uint8Array): GatewayMessage | "unknown" | undefined {
  if (typeof data !== "string") return undefined;
  let message: unknown;
  try {
    message = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (!isObject(message) || typeof message.type !== "string") return undefined;
  const check = Object.hasOwn(CHECKS, message.type) ? CHECKS[message.type] : undefined;
  if (check === undefined) return "unknown";
  // The check has just established what the type says.
  return check(message) ? (message as GatewayMessage & Json) : undefined;
}

const CHECKS: Readonly<Record<string, (message: Json) => boolean>> = {
  register: (message) =>
    isCount(message.protocol) &&
    isText(message.project_id) &&
    isText(message.api_key, 512) &&
    isOptional(message.name, isText) &&
    isOptional(message.group, isText) &&
    typeof message.instance_id === "string" &&
    INSTANCE.test(message.instance_id) &&
    isDigestOrNull(message.artifact_digest) &&
    isObject(message.metadata) &&
    isText(message.metadata.version) &&
    isText(message.metadata.hostname),
  heartbeat: ({ artifact_digest, uptime_secs, health, last_refusal }) =>
    isDigestOrNull(artifact_digest) &&
    isAmount(uptime_secs) &&
    isObject(health) &&
    isHealth(health) &&
    isOptional(last_refusal, isRefusal),
  artifact_applied: ({ generation, success, error }) =>
    isCount(generation) &&
    typeof success === "boolean" &&
    isOptional(error, (text) => typeof text === "string" && text.length <= REASON_MAX),
};

function isHealth(health: Json): boolean {
  return (
    isCount(health.requests_total) &&
    isCount(health.errors_total) &&
    (health.p50_ms === null || isAmount(health.p50_ms)) &&
    (health.p99_ms === null || isAmount(health.p99_ms)) &&
    isCount(health.memory_bytes) &&
    isAmount(health.event_loop_lag_ms)
  );
}

function isRefusal(refusal: unknown): boolean {
  return (
    isObject(refusal) &&
    isCount(refusal.generation) &&
    typeof refusal.digest === "string" &&
    DIGEST.test(refusal.digest) &&
    (refusal.stage === "download" || refusal.stage === "verify" || refusal.stage === "apply") &&
    typeof refusal.reason === "string" &&
    refusal.reason.length <= REASON_MAX &&
    isAmount(refusal.at_ms)
  );
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown, most = TEXT_MAX): boolean {
  return typeof value === "string" && value !== "" && value.length <= most;
}

function isDigestOrNull(value: unknown): boolean {
  return value === null || (typeof value === "string" && DIGEST.test(value));
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isAmount(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isOptional(value: unknown, check: (value: unknown) => boolean): boolean {
  return value === undefined || check(value);
}
