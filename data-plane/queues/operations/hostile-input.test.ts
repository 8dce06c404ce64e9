/** Whatever is sent is answered with a refusal of SQS, never with our own fault, and soon. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { loadServiceModel, type Shape } from "#foundation/aws";
import { processorMsSince } from "../../../tests/support/processor-time.ts";
import { queuesOperationNames } from "../parity.ts";
import { ACCOUNT, openWorld, type World } from "../testing/world.ts";

let world: World;
let url: string;
beforeAll(async () => {
  world = await openWorld();
  await world.raw.json("CreateQueue", { QueueName: "target" });
  await world.raw.json("CreateQueue", { QueueName: "target.fifo", Attributes: { FifoQueue: "true" } });
  url = `${world.url}/${ACCOUNT}/target`;
});
afterAll(() => world.close());

const model = await loadServiceModel("sqs");

const text = fc.oneof(
  fc.constantFrom(
    ...["", "All", ".*", "true", "-1", "0", "5", "99999999999999999999", "__proto__", "constructor", "a".repeat(300)],
    ...["\u0000", "\ud800", "String", "Number", "Binary", "AWSTraceHeader", "DelaySeconds", "Policy", "RedrivePolicy"],
    ...[
      "FifoQueue",
      "SendMessage",
      "444455556666",
      `arn:aws:sqs:us-east-1:${ACCOUNT}:target`,
      '{"redrivePermission":"allowAll"}',
    ],
    `{"maxReceiveCount":1,"deadLetterTargetArn":"arn:aws:sqs:us-east-1:${ACCOUNT}:target"}`,
  ),
  fc.string({ unit: "binary", maxLength: 30 }),
);
const integer = fc.oneof(fc.constantFrom(-1, 0, 1, 10, 11, 900, 43_200, 2 ** 31 - 1), fc.integer());

/** Values of a shape of the model; one in a while of another. */
function ofShape(shape: Shape): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case "structure":
    case "union":
      return fc.record(
        Object.fromEntries(shape.members.map((member) => [member.name, ofMember(member.name, member.shape)])),
        {
          requiredKeys: shape.members.some((member) => member.name === "QueueUrl") ? ["QueueUrl"] : [],
        },
      );
    case "list":
      return fc.array(ofShape(shape.element.shape), { maxLength: 12 });
    case "map":
      return fc.dictionary(text, ofShape(shape.value.shape), { maxKeys: 4, noNullPrototype: true });
    case "integer":
    case "number":
      return integer;
    case "boolean":
      return fc.boolean();
    case "blob":
      return fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString("base64"));
    default:
      return text;
  }
}

function ofMember(name: string, shape: Shape): fc.Arbitrary<unknown> {
  if (name === "QueueUrl") return fc.constantFrom("target", "target.fifo").map((queue) => `/${ACCOUNT}/${queue}`);
  // Nobody waits here.
  if (name === "WaitTimeSeconds") return fc.constantFrom(-1, 0, 21);
  return fc.oneof(
    { weight: 30, arbitrary: ofShape(shape) },
    { weight: 1, arbitrary: fc.oneof(text, integer, fc.constant(null)) },
  );
}

/** What no other call needs any more is not deleted. */
const OPERATIONS = queuesOperationNames.filter((name) => name !== "DeleteQueue");

const call = fc
  .constantFrom(...OPERATIONS)
  .chain((name) => fc.tuple(fc.constant(name), ofShape(model.operation(name)!.input) as fc.Arbitrary<object>));

test("any input, in JSON", async () => {
  await fc.assert(
    fc.asyncProperty(call, async ([name, input]) => {
      const answer = await world.raw.json(name, input);
      if (answer.status >= 500) throw new Error(`${name} ${JSON.stringify(input)}: ${answer.text}`);
    }),
    { numRuns: 600 },
  );
});

test("any parameters, in the query protocol", async () => {
  const parameter = fc.tuple(
    fc.oneof(
      fc.constantFrom(
        "QueueUrl",
        "Attribute.1.Name",
        "Attribute.1.Value",
        "MessageBody",
        "SendMessageBatchRequestEntry.1.Id",
        "Tag.1.Key",
      ),
      fc.string({ maxLength: 20 }),
    ),
    fc.string({ unit: "binary", maxLength: 30 }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...queuesOperationNames),
      fc.array(parameter, { maxLength: 6 }),
      async (Action, more) => {
        const parameters = { ...Object.fromEntries(more), Action, QueueUrl: url, WaitTimeSeconds: "0" };
        const answer = await world.raw.query(parameters);
        if (answer.status >= 500) throw new Error(`${JSON.stringify(parameters)}: ${answer.text}`);
      },
    ),
    { numRuns: 200 },
  );
});

test("large documents are refused soon", async () => {
  const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
  const many = JSON.stringify(Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`k${at}`, "x"])));
  const begun = process.cpuUsage();
  for (const text of [
    deep,
    many,
    `{"deadLetterTargetArn":"${"a".repeat(500_000)}","maxReceiveCount":"${"9".repeat(500_000)}"}`,
  ]) {
    for (const name of ["Policy", "RedrivePolicy", "RedriveAllowPolicy"]) {
      const answer = await world.raw.json("SetQueueAttributes", { QueueUrl: url, Attributes: { [name]: text } });
      expect(answer.status).toBe(400);
      expect(answer.text.length).toBeLessThan(4096);
    }
  }
  expect(processorMsSince(begun)).toBeLessThan(5_000);
});
