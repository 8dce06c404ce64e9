import * as sdk from "@aws-sdk/client-sqs";
import { QUEUE_PERMISSIONS } from "#data-plane/queues";
import { commandSender } from "./sdk.ts";
import type { Fixture, WalkedService } from "./walk.ts";

function inputs({ queueUrl, deadLetterArn, accountId }: Fixture): Record<string, object> {
  const queue = { QueueUrl: queueUrl };
  const receipt = { ReceiptHandle: "AQEBnone" };
  return {
    AddPermission: { ...queue, Label: "one", AWSAccountIds: [accountId], Actions: ["GetQueueUrl"] },
    CancelMessageMoveTask: {
      TaskHandle: Buffer.from(JSON.stringify({ taskId: "none", sourceArn: deadLetterArn })).toString("base64"),
    },
    ChangeMessageVisibility: { ...queue, ...receipt, VisibilityTimeout: 1 },
    ChangeMessageVisibilityBatch: { ...queue, Entries: [{ Id: "a", ...receipt, VisibilityTimeout: 1 }] },
    CreateQueue: { QueueName: "walk-another" },
    DeleteMessage: { ...queue, ...receipt },
    DeleteMessageBatch: { ...queue, Entries: [{ Id: "a", ...receipt }] },
    DeleteQueue: { QueueUrl: queueUrl.replace(/[^/]+$/, "walk-doomed") },
    GetQueueAttributes: { ...queue, AttributeNames: ["All"] },
    GetQueueUrl: { QueueName: queueUrl.slice(queueUrl.lastIndexOf("/") + 1) },
    ListDeadLetterSourceQueues: queue,
    ListMessageMoveTasks: { SourceArn: deadLetterArn },
    ListQueues: {},
    ListQueueTags: queue,
    PurgeQueue: queue,
    ReceiveMessage: queue,
    RemovePermission: { ...queue, Label: "one" },
    SendMessage: { ...queue, MessageBody: "x" },
    SendMessageBatch: { ...queue, Entries: [{ Id: "a", MessageBody: "x" }] },
    SetQueueAttributes: { ...queue, Attributes: { DelaySeconds: "0" } },
    StartMessageMoveTask: { SourceArn: deadLetterArn },
    TagQueue: { ...queue, Tags: { a: "b" } },
    UntagQueue: { ...queue, TagKeys: ["a"] },
  };
}

export const SQS: WalkedService = {
  name: "sqs",
  permissions: QUEUE_PERMISSIONS,
  inputs,
  elsewhere: "arn:aws:sqs:*:*:elsewhere",
  client: (endpoint, credentials) =>
    commandSender(new sdk.SQSClient({ endpoint, credentials, region: "us-east-1", maxAttempts: 1 }), sdk),
};
