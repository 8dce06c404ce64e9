/** Whatever is sent is answered with a refusal of SQS, never with our own fault, and soon. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { loadServiceModel } from "#foundation/aws";
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

const scalar = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom(
    "",
    "All",
    "true",
    "-1",
    "99999999999999999999",
    "__proto__",
    "constructor",
    "\u0000",
    "\ud800",
    "a".repeat(300),
  ),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
);
const key = fc.oneof(
  fc.constantFrom(
    "Policy",
    "RedrivePolicy",
    "DelaySeconds",
    "FifoQueue",
    "__proto__",
    "Id",
    "MessageBody",
    "DataType",
    "StringValue",
    "a",
  ),
  fc.string({ maxLength: 10 }),
);
const { any } = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(tie("any"), { maxLength: 4 }),
    fc.dictionary(key, tie("any"), { maxKeys: 4 }),
  ),
}));

/** Something for each member of an operation's input, or nothing; a queue often enough that more than its absence is seen. */
const call = fc.constantFrom(...queuesOperationNames).chain((name) => {
  const members = model.operation(name)!.input.members.map((member) => member.name);
  const input = fc.record(
    Object.fromEntries(
      members.map((member) => [
        member,
        member === "QueueUrl"
          ? fc.constantFrom("target", "target.fifo").map((queue) => `/${ACCOUNT}/${queue}`)
          : fc.oneof(scalar, any),
      ]),
    ),
    { requiredKeys: members.includes("QueueUrl") ? ["QueueUrl"] : [] },
  );
  return fc.tuple(fc.constant(name), input);
});

test("any input, in JSON", async () => {
  await fc.assert(
    fc.asyncProperty(call, async ([name, input]) => {
      // Nobody waits here, and nothing goes that the next call needs.
      const harmless = { ...input, ...(name === "ReceiveMessage" ? { WaitTimeSeconds: 0 } : {}) };
      if (name === "DeleteQueue") return;
      const answer = await world.raw.json(name, harmless);
      if (answer.status >= 500) throw new Error(`${name} ${JSON.stringify(harmless)}: ${answer.text}`);
    }),
    { numRuns: 400 },
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
        if (Action === "DeleteQueue") return;
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
  const begun = performance.now();
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
  expect(performance.now() - begun).toBeLessThan(5_000);
});
