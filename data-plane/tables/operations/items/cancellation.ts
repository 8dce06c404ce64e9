/** How a transaction that was not done is reported (DynamoDB API Reference, TransactionCanceledException). */
import { AwsError, type DynamoDB } from "#foundation/aws";

export type CancellationReason = DynamoDB.CancellationReason;

/** An action that would have been fine. */
const NONE: CancellationReason = Object.freeze({ Code: "None" });

/** A reason of a code that has always the same sentence. */
export const conditionalCheckFailed = (item?: CancellationReason["Item"]): CancellationReason => ({
  Code: "ConditionalCheckFailed",
  Message: "The conditional request failed",
  ...(item !== undefined && { Item: item }),
});

export const validationReason = (message: string): CancellationReason => ({
  Code: "ValidationError",
  Message: message,
});

export const collectionTooLarge = (): CancellationReason => ({
  Code: "ItemCollectionSizeLimitExceeded",
  Message: "Collection size exceeded.",
});

/** @param reasons one for each action, in order; undefined for those that were fine */
export function transactionCancelled(reasons: readonly (CancellationReason | undefined)[]): AwsError {
  const all = reasons.map((reason) => reason ?? NONE);
  const codes = all.map(({ Code }) => Code).join(", ");
  return new AwsError(
    "TransactionCanceledException",
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { fields: { CancellationReasons: all } },
  );
}
