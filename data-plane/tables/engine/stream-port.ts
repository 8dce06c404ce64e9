/** The part of the port that is about streams. */
import type { AccountId, Region, ResourceId } from "#contracts";
import type { KeyDefinition } from "./port.ts";

export type StreamViewType = "KEYS_ONLY" | "NEW_IMAGE" | "OLD_IMAGE" | "NEW_AND_OLD_IMAGES";

/** A stream, enabled or not, whose records may still be there. */
export interface StreamDescription {
  readonly tableId: ResourceId;
  readonly accountId: AccountId;
  readonly region: Region;
  readonly tableName: string;
  readonly label: string;
  readonly viewType: StreamViewType;
  readonly keys: KeyDefinition;
  readonly status: "ENABLED" | "DISABLED";
  readonly createdAt: number;
  /** Oldest first. Never empty. */
  readonly shards: readonly StreamShard[];
}

export interface StreamShard {
  /** `shardId-` and 20 digits and 8 hexadecimal digits. */
  readonly shardId: string;
  readonly parentShardId?: string;
  /** Decimal text, at least 21 digits, as all sequence numbers. They ascend within a table, over all its streams. */
  readonly startingSequenceNumber: string;
  /** Present once the shard is closed. */
  readonly endingSequenceNumber?: string;
}

export interface StreamReference {
  readonly tableId: ResourceId;
  readonly label: string;
}

export interface StreamRecord {
  readonly eventName: "INSERT" | "MODIFY" | "REMOVE";
  /** Unique, 32 hexadecimal digits. */
  readonly eventId: string;
  readonly sequenceNumber: string;
  /** Whole milliseconds. */
  readonly createdAt: number;
  /** JSON texts of items. Images as the stream's view type says. */
  readonly keys: string;
  readonly oldImage?: string;
  readonly newImage?: string;
  /** Of keys and images. */
  readonly sizeBytes: number;
  /** The item expired: the record carries `userIdentity` with type `Service` and principal `dynamodb.amazonaws.com`. */
  readonly expired: boolean;
}

/** Where to read from in a shard. */
export type StreamPosition =
  | { readonly from: "TRIM_HORIZON" }
  /** Behind the last record at the moment of the call. */
  | { readonly from: "LATEST" }
  | { readonly from: "AT_SEQUENCE_NUMBER"; readonly sequenceNumber: string }
  | { readonly from: "AFTER_SEQUENCE_NUMBER"; readonly sequenceNumber: string };

export interface StreamPage {
  readonly records: readonly StreamRecord[];
  /** Where to go on; absent when the shard is closed and was read to its end. */
  readonly next?: StreamPosition & { readonly sequenceNumber: string };
}
