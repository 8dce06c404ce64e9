/** System attributes that a receiver asks for (SQS API Reference, ReceiveMessage). */
import type { SQS } from "#foundation/aws";
import { unknownAttribute } from "../errors.ts";
import { checkAskedAttribute } from "./attribute-values.ts";

const NAMES = [
  "SenderId",
  "SentTimestamp",
  "ApproximateReceiveCount",
  "ApproximateFirstReceiveTimestamp",
  "SequenceNumber",
  "MessageDeduplicationId",
  "MessageGroupId",
  "AWSTraceHeader",
  "DeadLetterQueueSourceArn",
] as const;

export type SystemAttribute = (typeof NAMES)[number];

const KNOWN: ReadonlySet<string> = new Set(NAMES);

/** What there is to know of a message; absent where it has none. */
export type SystemAttributeValues = { readonly [Name in SystemAttribute]: string | undefined };

/**
 * The names that are wanted.
 *
 * @param legacy `AttributeNames`, which older clients use for the same; the model has it take names of queue attributes too, which mean nothing here
 * @returns undefined where none is wanted
 * @throws AwsError InvalidAttributeName
 */
export function wantedSystemAttributes(
  legacy: readonly string[] | undefined,
  names: readonly string[] | undefined,
): readonly SystemAttribute[] | undefined {
  if ((legacy === undefined || legacy.length === 0) && (names === undefined || names.length === 0)) return undefined;
  const wanted = new Set<string>(names);
  for (const name of wanted) if (name !== "All" && !KNOWN.has(name)) throw unknownAttribute(name);
  for (const name of legacy ?? []) {
    if (name === "All" || KNOWN.has(name)) wanted.add(name);
    else checkAskedAttribute(name);
  }
  if (wanted.has("All")) return NAMES;
  return NAMES.filter((name) => wanted.has(name));
}

/** The wanted ones that the message has; undefined where it has none of them. */
export function selectSystemAttributes(
  wanted: readonly SystemAttribute[],
  values: SystemAttributeValues,
): SQS.Message["Attributes"] {
  let selected: Record<string, string> | undefined;
  for (const name of wanted) {
    const value = values[name];
    if (value === undefined) continue;
    selected ??= {};
    selected[name] = value;
  }
  return selected;
}
