/** Shard iterators: where a reader is in a shard, as text that only we take apart. Pure. */
import type { ResourceId } from "#contracts";
import type { StreamPosition } from "../engine/port.ts";

/** DynamoDB API Reference, GetShardIterator: an iterator expires 15 minutes after it was given. */
export const ITERATOR_LIFETIME_MS = 15 * 60 * 1000;

export interface ShardIterator {
  /** Who may read is decided by this. */
  readonly streamArn: string;
  readonly tableId: ResourceId;
  readonly label: string;
  readonly shardId: string;
  readonly position: StreamPosition;
  /** Epoch milliseconds. */
  readonly givenAt: number;
}

const VERSION = "1";

/** The ARN stands in the open, as in AWS's. */
export function iteratorText({ streamArn, ...inner }: ShardIterator): string {
  const { tableId, label, shardId, position, givenAt } = inner;
  const fields = [
    tableId,
    label,
    shardId,
    position.from,
    "sequenceNumber" in position ? position.sequenceNumber : "",
    givenAt,
  ];
  return `${streamArn}|${VERSION}|${Buffer.from(JSON.stringify(fields)).toString("base64url")}`;
}

const POSITIONS: ReadonlySet<string> = new Set([
  "TRIM_HORIZON",
  "LATEST",
  "AT_SEQUENCE_NUMBER",
  "AFTER_SEQUENCE_NUMBER",
]);

/** Undefined for a text that was not made here. Somebody who makes one up reads nothing that the ARN in it does not let him read. */
export function parseIterator(text: string): ShardIterator | undefined {
  const [streamArn = "", version, encoded = ""] = text.split("|");
  if (version !== VERSION) return undefined;
  let fields: unknown;
  try {
    fields = JSON.parse(Buffer.from(encoded, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
  if (!Array.isArray(fields) || fields.length !== 6) return undefined;
  const [tableId, label, shardId, from, sequenceNumber, givenAt] = fields as unknown[];
  const isText = [tableId, label, shardId, from, sequenceNumber].every((field) => typeof field === "string");
  if (!isText || typeof givenAt !== "number" || !POSITIONS.has(String(from))) return undefined;
  // The part that names the stream must agree with the ARN: it is the ARN that was asked about.
  if (!streamArn.endsWith(`/stream/${String(label)}`)) return undefined;
  return {
    streamArn,
    tableId: tableId as ResourceId,
    label: String(label),
    shardId: String(shardId),
    position: { from: String(from), sequenceNumber: String(sequenceNumber) } as StreamPosition,
    givenAt,
  };
}
