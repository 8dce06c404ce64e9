/** Numbers of stream records and shards, as the API shows them. */
import { createHash } from "node:crypto";

/** 21 digits, as the API promises at least: a one, then the number. */
const DIGITS = 20;
const FORM = /^1[0-9]{20}$/;

export function sequenceText(sequence: number): string {
  return `1${String(sequence).padStart(DIGITS, "0")}`;
}

/** Undefined when it is not one of ours. */
export function parseSequence(text: string): number | undefined {
  if (!FORM.test(text)) return undefined;
  const sequence = Number(text.slice(1));
  return Number.isSafeInteger(sequence) ? sequence : undefined;
}

/** `shardId-00000001700000000000-1a2b3c4d`: when it began, in milliseconds, and something that tells it from others of that moment. */
export function shardIdText(stream: number, ordinal: number, startedAt: number): string {
  return `shardId-${String(startedAt).padStart(DIGITS, "0")}-${digest(`${stream}/${ordinal}`).slice(0, 8)}`;
}

/** 32 hexadecimal digits, always the same for the same record. */
export function eventIdText(tableId: string, sequence: number): string {
  return digest(`${tableId}/${sequence}`);
}

function digest(text: string): string {
  return createHash("md5").update(text).digest("hex");
}
