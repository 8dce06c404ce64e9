/** What callers of queues must be allowed to do (Service Authorization Reference, "Actions, resources, and condition keys for Amazon SQS"). */
import { type AccessLevel, type OperationPermission, REQUEST_TAGS, RESOURCE_TAGS, TAG_KEYS } from "#data-plane/service";
import type { QueuesOperationName } from "./service/queues-service.ts";

const QUEUE = ["arn:aws:sqs:${Region}:${Account}:${QueueName}"] as const;

const on = (level: AccessLevel, ...actions: readonly string[]): OperationPermission => ({
  actions: actions.map((action) => `sqs:${action}`),
  level,
  resources: QUEUE,
  conditionKeys: RESOURCE_TAGS,
});

const message = (level: AccessLevel, action: string): OperationPermission => ({ ...on(level, action), data: true });

const OF_MOVES = ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"] as const;

export const QUEUE_PERMISSIONS: { readonly [Name in QueuesOperationName]: OperationPermission } = {
  AddPermission: on("Permissions management", "AddPermission"),
  CancelMessageMoveTask: on("Write", "CancelMessageMoveTask", ...OF_MOVES),
  ChangeMessageVisibility: message("Write", "ChangeMessageVisibility"),
  ChangeMessageVisibilityBatch: message("Write", "ChangeMessageVisibility"),
  CreateQueue: { ...on("Write", "CreateQueue", "TagQueue"), conditionKeys: REQUEST_TAGS },
  DeleteMessage: message("Write", "DeleteMessage"),
  DeleteMessageBatch: message("Write", "DeleteMessage"),
  DeleteQueue: on("Write", "DeleteQueue"),
  GetQueueAttributes: on("Read", "GetQueueAttributes"),
  GetQueueUrl: on("Read", "GetQueueUrl"),
  ListDeadLetterSourceQueues: on("Read", "ListDeadLetterSourceQueues"),
  ListMessageMoveTasks: on("Read", "ListMessageMoveTasks", ...OF_MOVES),
  ListQueues: { ...on("List", "ListQueues"), conditionKeys: [] },
  ListQueueTags: on("Read", "ListQueueTags"),
  PurgeQueue: on("Write", "PurgeQueue"),
  ReceiveMessage: message("Read", "ReceiveMessage"),
  RemovePermission: on("Permissions management", "RemovePermission"),
  SendMessage: message("Write", "SendMessage"),
  SendMessageBatch: message("Write", "SendMessage"),
  SetQueueAttributes: on("Write", "SetQueueAttributes"),
  StartMessageMoveTask: on("Write", "StartMessageMoveTask", ...OF_MOVES, "SendMessage"),
  TagQueue: { ...on("Tagging", "TagQueue"), conditionKeys: [...RESOURCE_TAGS, ...REQUEST_TAGS] },
  UntagQueue: { ...on("Tagging", "UntagQueue"), conditionKeys: [...RESOURCE_TAGS, ...TAG_KEYS] },
};
