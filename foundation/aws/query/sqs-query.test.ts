/** SQS's query protocol, which current SDKs no longer speak, as older clients write and read it (SQS API reference, "Making Query API requests"). */

import { expect, test } from "bun:test";
import { decodeInput, encodeOutput, loadServiceModel, routeOperation } from "../index.ts";
import { wireRequest } from "../wire-request.testing.ts";

const model = await loadServiceModel("sqs");

function read(form: string): readonly [string, unknown] {
  const request = wireRequest("POST", "/123456789012/queue", { "content-type": "application/x-www-form-urlencoded" });
  const body = new TextEncoder().encode(`${form}&Version=2012-11-05`);
  const routed = routeOperation(model, request, { body });
  return [routed.operation.name, decodeInput(routed, request, body)];
}

function write(name: string, output: object): string {
  const operation = model.operation(name);
  if (operation === undefined) throw new Error(`no ${name}`);
  const routed = { service: model, operation, protocol: "awsQuery", labels: {} } as const;
  return String(encodeOutput(routed, output, { requestId: "REQ" }).body);
}

const url = "http%3A%2F%2Flocalhost%2F123456789012%2Fqueue";

test("SendMessage with attributes", () => {
  const form = `Action=SendMessage&QueueUrl=${url}&MessageBody=a+b%26c&DelaySeconds=5&MessageAttribute.1.Name=one&MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=x&MessageAttribute.2.Name=two&MessageAttribute.2.Value.DataType=Binary&MessageAttribute.2.Value.BinaryValue=AAE%3D`;
  expect(read(form)).toEqual([
    "SendMessage",
    {
      QueueUrl: "http://localhost/123456789012/queue",
      MessageBody: "a b&c",
      DelaySeconds: 5,
      MessageAttributes: {
        one: { DataType: "String", StringValue: "x" },
        two: { DataType: "Binary", BinaryValue: new Uint8Array([0, 1]) },
      },
    },
  ]);
});

test("batches, attribute lists and attribute maps", () => {
  expect(
    read(
      `Action=SendMessageBatch&QueueUrl=q&SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=x&SendMessageBatchRequestEntry.2.Id=b&SendMessageBatchRequestEntry.2.MessageBody=y`,
    )[1],
  ).toEqual({
    QueueUrl: "q",
    Entries: [
      { Id: "a", MessageBody: "x" },
      { Id: "b", MessageBody: "y" },
    ],
  });
  expect(
    read(
      "Action=GetQueueAttributes&QueueUrl=q&AttributeName.1=All&AttributeName.10=QueueArn&AttributeName.2=Policy",
    )[1],
  ).toEqual({ QueueUrl: "q", AttributeNames: ["All", "Policy", "QueueArn"] });
  expect(
    read(
      "Action=CreateQueue&QueueName=n&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5&Tag.1.Key=k&Tag.1.Value=v",
    )[1],
  ).toEqual({
    QueueName: "n",
    Attributes: { DelaySeconds: "5" },
    tags: { k: "v" },
  });
});

test("a list of one may go without its number", () => {
  expect(read("Action=ReceiveMessage&QueueUrl=q&AttributeName=All&MessageAttributeName.1=a")[1]).toEqual({
    QueueUrl: "q",
    AttributeNames: ["All"],
    MessageSystemAttributeNames: ["All"],
    MessageAttributeNames: ["a"],
  });
  expect(read("Action=SendMessageBatch&QueueUrl=q&SendMessageBatchRequestEntry=x")[1]).toEqual({ QueueUrl: "q" });
});

test("answers", () => {
  const open = (name: string): string => `<${name}Response xmlns="http://queue.amazonaws.com/doc/2012-11-05/">`;
  const end = (name: string): string =>
    `<ResponseMetadata><RequestId>REQ</RequestId></ResponseMetadata></${name}Response>`;
  expect(write("GetQueueAttributes", { Attributes: { VisibilityTimeout: "30" } })).toBe(
    `${open("GetQueueAttributes")}<GetQueueAttributesResult><Attribute><Name>VisibilityTimeout</Name><Value>30</Value></Attribute></GetQueueAttributesResult>${end("GetQueueAttributes")}`,
  );
  expect(write("ListQueues", { QueueUrls: ["u1", "u2"] })).toBe(
    `${open("ListQueues")}<ListQueuesResult><QueueUrl>u1</QueueUrl><QueueUrl>u2</QueueUrl></ListQueuesResult>${end("ListQueues")}`,
  );
  expect(
    write("ReceiveMessage", {
      Messages: [
        {
          MessageId: "m",
          Body: "<x>",
          Attributes: { SentTimestamp: "1" },
          MessageAttributes: { a: { DataType: "String", StringValue: "v" } },
        },
      ],
    }),
  ).toBe(
    `${open("ReceiveMessage")}<ReceiveMessageResult><Message><MessageId>m</MessageId><Body>&lt;x&gt;</Body><Attribute><Name>SentTimestamp</Name><Value>1</Value></Attribute><MessageAttribute><Name>a</Name><Value><DataType>String</DataType><StringValue>v</StringValue></Value></MessageAttribute></Message></ReceiveMessageResult>${end("ReceiveMessage")}`,
  );
  expect(write("DeleteMessage", {})).toBe(`${open("DeleteMessage")}${end("DeleteMessage")}`);
});
