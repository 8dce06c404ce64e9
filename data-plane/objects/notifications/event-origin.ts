/** What the outbox keeps with an event besides what the engine knows of the write: enough to deliver it when bucket and rule are gone. */
import type { AccountId, Region } from "#contracts";
import type { EventCause } from "./event-cause.ts";

export interface EventOrigin extends EventCause {
  readonly bucket: string;
  readonly region: Region;
  /** Who owns the bucket. */
  readonly accountId: AccountId;
  /** Canonical user id of that account. */
  readonly bucketOwner: string;
  readonly configurationId: string;
}

const MEMBERS: { readonly [Name in keyof EventOrigin]: true } = {
  bucket: true,
  region: true,
  accountId: true,
  bucketOwner: true,
  configurationId: true,
  principalId: true,
  sourceAddress: true,
  requestId: true,
  hostId: true,
};

export const writeOrigin = (origin: EventOrigin): string => JSON.stringify(origin);

/** @returns undefined for a text that {@link writeOrigin} has not written */
export function readOrigin(text: string): EventOrigin | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const members = value as Readonly<Record<string, unknown>>;
  const isWhole = Object.keys(MEMBERS).every((name) => typeof members[name] === "string");
  return isWhole ? (members as unknown as EventOrigin) : undefined;
}
