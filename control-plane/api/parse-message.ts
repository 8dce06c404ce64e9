/** Reads messages of data planes off the wire. Whoever has the join token may still be broken, or older, or newer. */
import { DATA_PLANE_KINDS, type DataPlaneMessage } from "#contracts";

type Json = Readonly<Record<string, unknown>>;

const KINDS: readonly unknown[] = DATA_PLANE_KINDS;
const STATES: readonly unknown[] = ["starting", "ready", "draining"];

/** Longest name, version, id or URL in a message; they are shown to people. */
const TEXT_MAX = 512;

/**
 * @param message parsed JSON
 * @returns undefined for what is not a valid message; "unknown" for a type that this version does not know (to be ignored). The command itself is not
 * looked into: the core does that.
 */
export function readDataPlaneMessage(message: unknown): DataPlaneMessage | "unknown" | undefined {
  if (!isObject(message) || typeof message.type !== "string") return undefined;
  if (!Object.hasOwn(CHECKS, message.type)) return "unknown";
  // The check has just established what the type says.
  return CHECKS[message.type]!(message) ? (message as DataPlaneMessage & Json) : undefined;
}

const CHECKS: Readonly<Record<string, (message: Json) => boolean>> = {
  register: (message) =>
    isCount(message.protocol) &&
    isText(message.dataPlaneId) &&
    message.kind === "services" &&
    isText(message.name) &&
    isText(message.version) &&
    (message.resume === null ||
      (isObject(message.resume) &&
        isText(message.resume.controlPlaneId) &&
        isCount(message.resume.cursor) &&
        (message.resume.run === undefined || isText(message.resume.run)))) &&
    Array.isArray(message.wants) &&
    message.wants.length <= KINDS.length &&
    message.wants.every((kind) => KINDS.includes(kind)),
  heartbeat: (message) =>
    isCount(message.appliedThrough) &&
    isObject(message.status) &&
    STATES.includes(message.status.state) &&
    typeof message.status.endpoint === "string" &&
    message.status.endpoint.length <= TEXT_MAX &&
    isCount(message.status.startedAt) &&
    isCount(message.status.residentBytes),
  command: (message) =>
    isCount(message.correlation) &&
    isObject(message.command) &&
    isObject(message.origin) &&
    isText(message.origin.actor) &&
    isText(message.origin.requestId),
};

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= TEXT_MAX;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
