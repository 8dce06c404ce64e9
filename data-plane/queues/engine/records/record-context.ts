/** What the commands share. */

import type { ResourceId } from "#contracts";
import type { Database } from "#foundation/sql";
import type { TextReader, TextWriter } from "../courier/letter.ts";
import type { QueueBook } from "./queue-book.ts";
import type { ReceiptHandles } from "./receipt-handles.ts";
import type { Sequence } from "./sequences.ts";

/** For the life of the engine. */
export interface RecordContext {
  readonly database: Database;
  readonly queues: QueueBook;
  readonly handles: ReceiptHandles;
  /** Numbers of messages, in the order of arrival. */
  readonly seqs: Sequence;
  readonly stores: Sequence;
  /** Messages of one queue that may be in flight. */
  readonly inFlightMax: number;
}

/** For the commands of one commit. */
export interface BatchContext {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly incoming: TextReader;
  readonly outgoing: TextWriter;
}

/** Texts of one commit's answers, in UTF-16 units: what is beyond must be asked for again, so that memory stays bounded. */
export const ANSWER_TEXTS_MAX = 16 * 1024 * 1024;

/** Sets of queues that were touched beside the one that was asked about, as an answer carries them. */
export function touchedHint(touched: ReadonlySet<ResourceId>): { readonly touched?: readonly ResourceId[] } {
  return touched.size === 0 ? {} : { touched: [...touched] };
}
