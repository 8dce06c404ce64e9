/** What a data plane may ask the control plane to decide: the control operations of the services that it serves, and nothing else. */
import { IDENTITY_KINDS, RESOURCE_KINDS } from "#contracts";

/** Kinds of records that data planes' callers create and configure, by the first word of their commands. */
const OF_DATA_PLANES: ReadonlySet<unknown> = new Set([...IDENTITY_KINDS, ...RESOURCE_KINDS, "accessKey", "bucket"]);

/** A data plane that was taken over must not be able to make itself accounts, owners or sessions of the platform, or to forget another data plane. */
export function isDataPlaneCommand(command: unknown): boolean {
  if (typeof command !== "object" || command === null || !("type" in command)) return false;
  const { type } = command;
  if (typeof type !== "string") return false;
  return type === "account.configure" || OF_DATA_PLANES.has(type.slice(0, Math.max(0, type.indexOf("."))));
}
