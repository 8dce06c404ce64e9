/** What receivers do with messages that they have: delete them, or keep them longer. And PurgeQueue. */
import type { AwsError, SQS } from "#foundation/aws";
import { isQueueEngineError } from "../engine/engine-error.ts";
import type { DeleteOutcome, VisibilityOutcome } from "../engine/port.ts";
import {
  invalidValue,
  messageNotAvailable,
  messageNotInflight,
  missingParameter,
  purgeQueueInProgress,
  receiptHandleExpired,
  receiptHandleIsInvalid,
} from "../errors.ts";
import { VISIBILITY_SECONDS_MAX } from "../rules/attribute-values.ts";
import { type BatchAnswer, batchAnswer, checkBatch, failedEntry } from "../rules/batches.ts";
import { type Definitions, onQueue } from "../service/define.ts";
import type { Toolbox } from "../service/toolbox.ts";

type Names =
  | "ChangeMessageVisibility"
  | "ChangeMessageVisibilityBatch"
  | "DeleteMessage"
  | "DeleteMessageBatch"
  | "PurgeQueue";

const DELETE = "sqs:deletemessage";
const CHANGE = "sqs:changemessagevisibility";
const SECOND_MS = 1000;
/** PurgeQueue (SQS API Reference): one in 60 seconds. */
const PURGE_INTERVAL_MS = 60_000;
const DONE = Object.freeze({});

export function settleMessages(tools: Toolbox): Definitions<Names> {
  const { engine } = tools;
  return {
    DeleteMessage: onQueue<"DeleteMessage">(tools, DELETE, async (view, { ReceiptHandle }) => {
      const handle = presentHandle(ReceiptHandle);
      const [outcome] = await engine.delete(view.record.resourceId, [handle]);
      const problem = deletionProblem(outcome!, handle, view.fifo);
      if (problem !== undefined) throw problem;
      return DONE;
    }),

    DeleteMessageBatch: onQueue<"DeleteMessageBatch">(tools, DELETE, async (view, input) => {
      const entries = checkBatch(input.Entries, "DeleteMessageBatchRequestEntry");
      const handles = entries.map(({ ReceiptHandle }) => ReceiptHandle ?? "");
      const outcomes = await engine.delete(view.record.resourceId, handles);
      return batchResult(entries, (at) => deletionProblem(outcomes[at]!, handles[at]!, view.fifo));
    }),

    ChangeMessageVisibility: onQueue<"ChangeMessageVisibility">(tools, CHANGE, async (view, input) => {
      const handle = presentHandle(input.ReceiptHandle);
      const seconds = input.VisibilityTimeout as number | undefined;
      const range = rangeProblem(seconds);
      if (range !== undefined) throw range;
      const change = { handle, visibilityMs: seconds! * SECOND_MS };
      const [outcome] = await engine.changeVisibility(view.record.resourceId, [change]);
      const problem = visibilityProblem(outcome!, handle, seconds!);
      if (problem !== undefined) throw problem;
      return DONE;
    }),

    ChangeMessageVisibilityBatch: onQueue<"ChangeMessageVisibilityBatch">(tools, CHANGE, async (view, input) => {
      const entries = checkBatch(input.Entries, "ChangeMessageVisibilityBatchRequestEntry");
      const problems = entries.map(({ VisibilityTimeout }) => rangeProblem(VisibilityTimeout));
      const asked = entries.filter((_entry, at) => problems[at] === undefined);
      const outcomes = await engine.changeVisibility(
        view.record.resourceId,
        asked.map(({ ReceiptHandle, VisibilityTimeout }) => ({
          handle: ReceiptHandle ?? "",
          visibilityMs: VisibilityTimeout! * SECOND_MS,
        })),
      );
      let answered = 0;
      return batchResult(entries, (at) => {
        const { ReceiptHandle = "", VisibilityTimeout } = entries[at]!;
        return problems[at] ?? visibilityProblem(outcomes[answered++]!, ReceiptHandle, VisibilityTimeout!);
      });
    }),

    PurgeQueue: onQueue<"PurgeQueue">(tools, "sqs:purgequeue", async (view) => {
      const { resourceId, name } = view.record;
      try {
        await engine.purge(resourceId, PURGE_INTERVAL_MS);
      } catch (error) {
        throw isQueueEngineError(error, "PurgedRecently") ? purgeQueueInProgress(name) : error;
      }
      return DONE;
    }),
  };
}

function presentHandle(handle: string | undefined): string {
  if (handle === undefined || handle === "") throw missingParameter("ReceiptHandle");
  return handle;
}

/** A message that was received again since stays, and a standard queue says nothing about it; so does AWS. */
function deletionProblem(outcome: DeleteOutcome, handle: string, fifo: boolean) {
  switch (outcome) {
    case "deleted":
      return undefined;
    case "stale":
      return fifo ? receiptHandleExpired(handle) : undefined;
    case "expired":
      return receiptHandleExpired(handle);
    case "invalid":
      return receiptHandleIsInvalid(handle);
  }
}

function visibilityProblem(outcome: VisibilityOutcome, handle: string, seconds: number) {
  switch (outcome) {
    case "changed":
      return undefined;
    case "notInFlight":
      return messageNotInflight();
    case "gone":
    case "stale":
      return messageNotAvailable(handle);
    case "tooLong":
      return invalidValue(
        seconds,
        "VisibilityTimeout",
        `Total VisibilityTimeout for the message is beyond the limit [${VISIBILITY_SECONDS_MAX} seconds].`,
      );
    case "invalid":
      return receiptHandleIsInvalid(handle);
  }
}

function rangeProblem(seconds: number | undefined) {
  if (seconds === undefined) return missingParameter("VisibilityTimeout");
  return seconds >= 0 && seconds <= VISIBILITY_SECONDS_MAX
    ? undefined
    : invalidValue(
        seconds,
        "VisibilityTimeout",
        `VisibilityTimeout must be an integer between 0 and ${VISIBILITY_SECONDS_MAX}.`,
      );
}

function batchResult(
  entries: readonly { readonly Id: string }[],
  problemOf: (at: number) => AwsError | undefined,
): BatchAnswer<{ readonly Id: string }> {
  const successful: { readonly Id: string }[] = [];
  const failed: SQS.BatchResultErrorEntry[] = [];
  entries.forEach(({ Id }, at) => {
    const problem = problemOf(at);
    if (problem === undefined) successful.push({ Id });
    else failed.push(failedEntry(Id, problem));
  });
  return batchAnswer(successful, failed);
}
