/** Reads messages of the control plane off the wire. */
import type { ControlPlaneMessage, DataPlaneKind } from "#contracts";

type Json = Readonly<Record<string, unknown>>;

const ENTITY: readonly string[] = ["entityId", "accountId", "name"];

/** The members by which a record is found; a record without them would poison the catalog's indexes. */
const KEY_MEMBERS: Readonly<Record<DataPlaneKind, readonly string[]>> = {
  account: ["accountId", "canonicalUserId"],
  accessKey: ["accessKeyId", "accountId", "sealedSecret"],
  bucket: ["name", "bucketId", "accountId"],
  user: ENTITY,
  group: ENTITY,
  role: ENTITY,
  managedPolicy: ENTITY,
  instanceProfile: ENTITY,
  oidcProvider: ENTITY,
  member: ["accountId", "personId", "role"],
  queue: ["resourceId", "accountId", "region", "name"],
  table: ["resourceId", "accountId", "region", "name"],
};

/**
 * Checks the frame of a message and the keys of its records; what records hold besides is the control plane's word.
 *
 * @returns undefined for text that is not a valid message, "unknown" for a type that this version does not know (to be ignored: newer control planes
 * may say more)
 */
export function parseControlPlaneMessage(text: string): ControlPlaneMessage | "unknown" | undefined {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(message) || typeof message.type !== "string") return undefined;
  const check = Object.hasOwn(CHECKS, message.type) ? CHECKS[message.type] : undefined;
  if (check === undefined) return "unknown";
  // The check has just established what the type says.
  return check(message) ? (message as ControlPlaneMessage & Json) : undefined;
}

const CHECKS: Readonly<Record<string, (message: Json) => boolean>> = {
  welcome: (message) =>
    isCount(message.protocol) &&
    isText(message.controlPlaneId) &&
    (message.run === undefined || isText(message.run)) &&
    isCount(message.head) &&
    isCount(message.heartbeatMs) &&
    isText(message.sealingKey),
  snapshot: (message) =>
    isCount(message.cursor) &&
    typeof message.last === "boolean" &&
    Array.isArray(message.records) &&
    message.records.every(isRecord),
  changes: (message) =>
    isCount(message.after) &&
    isCount(message.through) &&
    message.after <= message.through &&
    Array.isArray(message.changes) &&
    message.changes.every(isChange),
  commandResult: (message) =>
    isCount(message.correlation) &&
    isObject(message.outcome) &&
    (message.outcome.ok === true
      ? isCount(message.outcome.eventId) && isObject(message.outcome.result)
      : message.outcome.ok === false && isText(message.outcome.code) && typeof message.outcome.message === "string"),
  refused: (message) => isText(message.code) && typeof message.message === "string",
};

function isRecord(value: unknown): boolean {
  if (!isObject(value) || !isKind(value.kind)) return false;
  return KEY_MEMBERS[value.kind].every((member) => isText(value[member]));
}

function isChange(value: unknown): boolean {
  if (!isObject(value) || !isText(value.key)) return false;
  return value.change === "upsert" ? isRecord(value.record) : value.change === "delete" && isKind(value.kind);
}

function isKind(value: unknown): value is DataPlaneKind {
  return typeof value === "string" && Object.hasOwn(KEY_MEMBERS, value);
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
