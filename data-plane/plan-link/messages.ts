/** Reads what the control plane sends to agents and edges. It is trusted to mean well, not to be of the same version. */
import type { EdgeConfig, MessageToAgent, MessageToEdge, NodePlan } from "#contracts";

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isCount = (value: unknown): boolean => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
const isText = (value: unknown): boolean => typeof value === "string";

const COMMON: Readonly<Record<string, (message: Json) => boolean>> = {
  welcome: (message) =>
    isCount(message.protocol) &&
    isText(message.controlPlaneId) &&
    isCount(message.head) &&
    isCount(message.heartbeatMs),
  refused: (message) => isText(message.code) && isText(message.message),
};

const TO_EDGE: typeof COMMON = {
  ...COMMON,
  plan: ({ last, config }) =>
    typeof last === "boolean" &&
    isObject(config) &&
    config.configVersion === 1 &&
    isCount(config.cursor) &&
    Array.isArray(config.routes),
};

const TO_AGENT: typeof COMMON = {
  ...COMMON,
  plan: ({ last, plan }) =>
    typeof last === "boolean" &&
    isObject(plan) &&
    plan.planVersion === 1 &&
    isText(plan.nodeId) &&
    isCount(plan.cursor) &&
    Array.isArray(plan.instances) &&
    Array.isArray(plan.volumes) &&
    Array.isArray(plan.snapshots),
  reported: (message) => isCount(message.correlation) && Array.isArray(message.refused),
  answer: (message) => isCount(message.correlation) && isObject(message.answer),
  openChannel: (message) => isText(message.channelId) && isText(message.secret) && isObject(message.purpose),
};

function reader<Message>(checks: typeof COMMON): (text: string) => Message | "unknown" | undefined {
  return (text) => {
    let message: unknown;
    try {
      message = JSON.parse(text);
    } catch {
      return undefined;
    }
    if (!isObject(message) || typeof message.type !== "string") return undefined;
    if (!Object.hasOwn(checks, message.type)) return "unknown";
    // The check has just established what the type says, as far as this side relies on it.
    return checks[message.type]!(message) ? (message as Message) : undefined;
  };
}

/** "unknown" for a type of a later version, to be ignored; undefined for what is no message of this protocol. */
export const readMessageToEdge = reader<MessageToEdge>(TO_EDGE);
export const readMessageToAgent = reader<MessageToAgent>(TO_AGENT);

/** Joins the parts of a plan that was too large for one message. */
export function joinConfigs(parts: readonly EdgeConfig[]): EdgeConfig {
  return parts.length === 1 ? parts[0]! : { ...parts[0]!, routes: parts.flatMap((part) => part.routes) };
}

export function joinPlans(parts: readonly NodePlan[]): NodePlan {
  if (parts.length === 1) return parts[0]!;
  return {
    ...parts[0]!,
    instances: parts.flatMap((part) => part.instances),
    volumes: parts.flatMap((part) => part.volumes),
    snapshots: parts.flatMap((part) => part.snapshots),
  };
}
