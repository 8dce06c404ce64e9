/** What batches have in common (SQS API Reference, SendMessageBatch, DeleteMessageBatch, ChangeMessageVisibilityBatch). */
import { AwsError, type SQS } from "#foundation/aws";

const ENTRIES_MAX = 10;
const ID = /^[A-Za-z0-9_-]{1,80}$/;

/**
 * Checks a batch as a whole: number of entries and their ids.
 *
 * @param entryName of the query protocol, as AWS's message has it: `SendMessageBatchRequestEntry`
 * @throws AwsError EmptyBatchRequest, TooManyEntriesInBatchRequest, InvalidBatchEntryId, BatchEntryIdsNotDistinct
 */
export function checkBatch<Entry extends { readonly Id?: string }>(
  entries: readonly Entry[] | undefined,
  entryName: string,
): readonly Entry[] {
  if (entries === undefined || entries.length === 0) {
    throw new AwsError("EmptyBatchRequest", `There should be at least one ${entryName} in the request.`);
  }
  if (entries.length > ENTRIES_MAX) {
    throw new AwsError(
      "TooManyEntriesInBatchRequest",
      `Maximum number of entries per request are ${ENTRIES_MAX}. You have sent ${entries.length}.`,
    );
  }
  const seen = new Set<string>();
  for (const { Id } of entries) {
    if (Id === undefined || !ID.test(Id)) {
      throw new AwsError(
        "InvalidBatchEntryId",
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
      );
    }
    if (seen.has(Id)) throw new AwsError("BatchEntryIdsNotDistinct", `Id ${Id} repeated.`);
    seen.add(Id);
  }
  return entries;
}

/** An entry that was refused. @throws the error itself when it is not a refusal: the whole request fails then */
export function failedEntry(id: string, error: unknown): SQS.BatchResultErrorEntry {
  if (!(error instanceof AwsError)) throw error;
  return { Id: id, SenderFault: error.fault !== "server", Code: error.code, Message: error.message };
}

export interface BatchAnswer<Entry> {
  readonly Successful: readonly Entry[];
  readonly Failed: readonly SQS.BatchResultErrorEntry[];
}

/** The answer to a batch. The model requires both lists; AWS leaves out the one that is empty. */
export function batchAnswer<Entry>(
  successful: readonly Entry[],
  failed: readonly SQS.BatchResultErrorEntry[],
): BatchAnswer<Entry> {
  const answer: Partial<BatchAnswer<Entry>> = {
    ...(successful.length === 0 ? {} : { Successful: successful }),
    ...(failed.length === 0 ? {} : { Failed: failed }),
  };
  return answer as BatchAnswer<Entry>;
}
