/** Reads what a fleet's control plane sends. It is trusted to mean well, not to be of the same version. */
import type { MessageToGateway } from "#contracts";

type Json = Readonly<Record<string, unknown>>;

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** "unknown" for a type of a later version, to be ignored; undefined for what is no message of this protocol. */
export function readMessageToGateway(text: string): MessageToGateway | "unknown" | undefined {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(message) || typeof message.type !== "string") return undefined;
  const check = Object.hasOwn(CHECKS, message.type) ? CHECKS[message.type] : undefined;
  if (check === undefined) return "unknown";
  // The check has just established what the type says, as far as this side relies on it.
  return check(message) ? (message as MessageToGateway & Json) : undefined;
}

const isEnd = (message: Json): boolean =>
  isText(message.reason) &&
  (message.message === undefined || typeof message.message === "string") &&
  typeof message.retry === "boolean";

const CHECKS: Readonly<Record<string, (message: Json) => boolean>> = {
  registered: ({ data_plane_id, heartbeat_interval_secs: secs }) =>
    isText(data_plane_id) && typeof secs === "number" && Number.isFinite(secs) && secs >= 0,
  registration_failed: isEnd,
  heartbeat_ack: ({ desired }) => desired === undefined || (isObject(desired) && isDesired(desired)),
  artifact_available: (message) =>
    isDesired(message) && typeof message.download_path === "string" && message.download_path.startsWith("/"),
  disconnect: isEnd,
};

function isDesired({ artifact_id, digest, generation }: Json): boolean {
  return isText(artifact_id) && typeof digest === "string" && DIGEST.test(digest) && isCount(generation);
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
