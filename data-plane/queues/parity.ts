/** What this service offers, for the parity table. */
import type { QueuesOperationName } from "./service/queues-service.ts";

const NAMES: { readonly [Name in QueuesOperationName]: true } = {
  AddPermission: true,
  CancelMessageMoveTask: true,
  ChangeMessageVisibility: true,
  ChangeMessageVisibilityBatch: true,
  CreateQueue: true,
  DeleteMessage: true,
  DeleteMessageBatch: true,
  DeleteQueue: true,
  GetQueueAttributes: true,
  GetQueueUrl: true,
  ListDeadLetterSourceQueues: true,
  ListMessageMoveTasks: true,
  ListQueues: true,
  ListQueueTags: true,
  PurgeQueue: true,
  ReceiveMessage: true,
  RemovePermission: true,
  SendMessage: true,
  SendMessageBatch: true,
  SetQueueAttributes: true,
  StartMessageMoveTask: true,
  TagQueue: true,
  UntagQueue: true,
};

/** The operations that are registered. */
export const queuesOperationNames: readonly string[] = Object.keys(NAMES);

const NO_KMS = "KmsMasterKeyId is refused: there is no key management service";

/** What is missing within an operation, as the end of a sentence; operations without a note lack nothing that is known. */
export const queuesParityNotes: Readonly<Record<string, string>> = {
  CreateQueue: NO_KMS,
  SetQueueAttributes: NO_KMS,
};
