/** Who may do what: policies of users, of queues, permissions of other accounts, and nobody in particular. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  AddPermissionCommand,
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  RemovePermissionCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  type SQSClient,
  TagQueueCommand,
} from "@aws-sdk/client-sqs";
import { ACCOUNT, OTHER_ACCOUNT, openWorld, refused, type World } from "../testing/world.ts";

let world: World;
let queues = 0;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

async function queue(tags?: Record<string, string>): Promise<string> {
  const QueueName = `access${++queues}`;
  return (await world.sqs.send(new CreateQueueCommand({ QueueName, tags }))).QueueUrl!;
}
const arnOf = (url: string): string => `arn:aws:sqs:us-east-1:${ACCOUNT}:${url.split("/").at(-1)}`;
const send = (client: SQSClient, QueueUrl: string) =>
  client.send(new SendMessageCommand({ QueueUrl, MessageBody: "x" }));
const setPolicy = (QueueUrl: string, ...statements: object[]) =>
  world.sqs.send(
    new SetQueueAttributesCommand({
      QueueUrl,
      Attributes: { Policy: JSON.stringify({ Version: "2012-10-17", Statement: statements }) },
    }),
  );
const policyOf = async (QueueUrl: string): Promise<unknown> => {
  const { Attributes } = await world.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["Policy"] }));
  return Attributes?.Policy === undefined ? undefined : JSON.parse(Attributes.Policy);
};

describe("a user", () => {
  test("may what its policy says, on the queues that it names", async () => {
    const [mine, theirs] = [await queue(), await queue()];
    const user = world.user("sender", [{ Effect: "Allow", Action: "sqs:SendMessage", Resource: arnOf(mine) }]);
    await send(user, mine);
    // Batches come with the action for single messages.
    await user.send(new SendMessageBatchCommand({ QueueUrl: mine, Entries: [{ Id: "a", MessageBody: "x" }] }));
    const error = await refused(send(user, theirs));
    expect(error.name).toContain("AccessDenied");
    expect(error.message).toBe(
      `User: arn:aws:iam::${ACCOUNT}:user/sender is not authorized to perform: sqs:sendmessage on resource: ${arnOf(theirs)} because no identity-based policy allows the sqs:sendmessage action`,
    );
    expect((await refused(user.send(new ReceiveMessageCommand({ QueueUrl: mine })))).name).toContain("AccessDenied");
    const { Messages } = await world.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: mine, MessageSystemAttributeNames: ["SenderId"] }),
    );
    expect(Messages?.[0]?.Attributes).toEqual({ SenderId: "AIDASENDER" });
  });

  test("is let in by the queue alone, and kept out by it", async () => {
    const url = await queue();
    const user = world.user("guest", []);
    const Principal = { AWS: `arn:aws:iam::${ACCOUNT}:user/guest` };
    await setPolicy(url, { Effect: "Allow", Principal, Action: "sqs:SendMessage", Resource: arnOf(url) });
    await send(user, url);
    const strong = world.user("strong", [{ Effect: "Allow", Action: "sqs:*", Resource: "*" }]);
    await setPolicy(url, {
      Effect: "Deny",
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/strong` },
      Action: "sqs:*",
      Resource: "*",
    });
    expect((await refused(send(strong, url))).message).toContain("explicit deny in a resource-based policy");
  });

  test("is asked about tags: those of the queue, and those that it gives", async () => {
    const [blue, red] = [await queue({ Team: "blue" }), await queue({ Team: "red" })];
    const user = world.user("tagged", [
      {
        Effect: "Allow",
        Action: "sqs:SendMessage",
        Resource: "*",
        Condition: { StringEquals: { "aws:ResourceTag/Team": "blue" } },
      },
      {
        Effect: "Allow",
        Action: ["sqs:CreateQueue", "sqs:TagQueue"],
        Resource: "*",
        Condition: {
          StringEquals: { "aws:RequestTag/Team": "blue" },
          "ForAllValues:StringEquals": { "aws:TagKeys": "Team" },
        },
      },
    ]);
    await send(user, blue);
    expect((await refused(send(user, red))).name).toContain("AccessDenied");
    await user.send(new CreateQueueCommand({ QueueName: "blue-only", tags: { Team: "blue" } }));
    for (const tags of [{ Team: "red" }, { Team: "blue", More: "x" }, undefined]) {
      const call = user.send(new CreateQueueCommand({ QueueName: "blue-too", tags: tags as Record<string, string> }));
      expect((await refused(call)).name).toContain("AccessDenied");
    }
    await user.send(new TagQueueCommand({ QueueUrl: red, Tags: { Team: "blue" } }));
    await send(user, red);
  });
});

describe("another account", () => {
  test("gets in with the permission of AddPermission, for what it names, until it is removed", async () => {
    const url = await queue();
    expect((await refused(send(world.other, url))).name).toContain("AccessDenied");
    const grant = (Label: string, AWSAccountIds: string[], Actions: string[]) =>
      world.sqs.send(new AddPermissionCommand({ QueueUrl: url, Label, AWSAccountIds, Actions }));
    await grant("one", [OTHER_ACCOUNT], ["SendMessage"]);
    await send(world.other, url);
    expect((await refused(world.other.send(new ReceiveMessageCommand({ QueueUrl: url })))).name).toContain(
      "AccessDenied",
    );
    // Recorded at AWS: version, id, and lists only where there are several.
    expect(await policyOf(url)).toEqual({
      Version: "2008-10-17",
      Id: `${arnOf(url)}/SQSDefaultPolicy`,
      Statement: [
        {
          Sid: "one",
          Effect: "Allow",
          Principal: { AWS: `arn:aws:iam::${OTHER_ACCOUNT}:root` },
          Action: "SQS:SendMessage",
          Resource: arnOf(url),
        },
      ],
    });
    expect((await refused(grant("one", [OTHER_ACCOUNT], ["ReceiveMessage"]))).message).toBe(
      "Value one for parameter Label is invalid. Reason: Already exists.",
    );
    await grant("two", [OTHER_ACCOUNT, ACCOUNT], ["ReceiveMessage", "GetQueueUrl"]);
    await world.other.send(new ReceiveMessageCommand({ QueueUrl: url }));
    const QueueName = url.split("/").at(-1)!;
    const found = await world.other.send(new GetQueueUrlCommand({ QueueName, QueueOwnerAWSAccountId: ACCOUNT }));
    expect(found.QueueUrl).toBe(url);
    for (const Label of ["one", "two"]) await world.sqs.send(new RemovePermissionCommand({ QueueUrl: url, Label }));
    expect(await policyOf(url)).toBeUndefined();
    expect((await refused(send(world.other, url))).name).toContain("AccessDenied");
  });

  test("needs its own account's word for its users too", async () => {
    const url = await queue();
    await setPolicy(url, {
      Effect: "Allow",
      Principal: { AWS: OTHER_ACCOUNT },
      Action: "sqs:SendMessage",
      Resource: "*",
    });
    await send(world.other, url);
    expect((await refused(send(world.user("poor", [], OTHER_ACCOUNT), url))).name).toContain("AccessDenied");
    const rich = world.user("rich", [{ Effect: "Allow", Action: "sqs:*", Resource: "*" }], OTHER_ACCOUNT);
    await send(rich, url);
  });

  test("never does what only the owner does, whatever the policy says", async () => {
    const url = await queue();
    await setPolicy(url, { Effect: "Allow", Principal: "*", Action: "sqs:*", Resource: "*" });
    await send(world.other, url);
    for (const call of [
      () => world.other.send(new DeleteQueueCommand({ QueueUrl: url })),
      () => world.other.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { DelaySeconds: "1" } })),
      () => world.other.send(new TagQueueCommand({ QueueUrl: url, Tags: { a: "b" } })),
      () => world.other.send(new RemovePermissionCommand({ QueueUrl: url, Label: "x" })),
      () =>
        world.other.send(
          new AddPermissionCommand({ QueueUrl: url, Label: "x", AWSAccountIds: [ACCOUNT], Actions: ["*"] }),
        ),
    ]) {
      expect((await refused(call())).name).toContain("AccessDenied");
    }
  });
});

describe("nobody in particular", () => {
  test("gets in where a policy lets everybody in, and nowhere else", async () => {
    const [open, closed] = [await queue(), await queue()];
    await setPolicy(open, { Effect: "Allow", Principal: "*", Action: "sqs:SendMessage", Resource: arnOf(open) });
    const sendTo = (QueueUrl: string) => world.anonymous.json("SendMessage", { QueueUrl, MessageBody: "x" });
    expect((await sendTo(open)).status).toBe(200);
    expect(await sendTo(closed)).toMatchObject({ status: 403, queryError: "AccessDenied;Sender" });
    expect((await world.anonymous.query({ Action: "SendMessage", MessageBody: "x", QueueUrl: open })).status).toBe(200);
    expect((await world.anonymous.json("ReceiveMessage", { QueueUrl: open })).status).toBe(403);
    expect((await world.anonymous.json("CreateQueue", { QueueName: "x" })).status).toBe(403);
    expect((await world.anonymous.json("ListQueues", {})).status).toBe(403);
    expect((await world.anonymous.json("GetQueueUrl", { QueueName: "x" })).status).toBe(403);
  });
});

test("a user without any policy lists nothing", async () => {
  expect((await refused(world.user("nobody", []).send(new ListQueuesCommand({})))).name).toContain("AccessDenied");
  const user = world.user("lister", [{ Effect: "Allow", Action: "sqs:ListQueues", Resource: "*" }]);
  expect((await user.send(new ListQueuesCommand({}))).QueueUrls?.length).toBeGreaterThan(0);
});

test("a wrong secret is named as SQS names it", async () => {
  const answer = await world.anonymous.json("ListQueues", {});
  expect(answer.queryError).toBe("AccessDenied;Sender");
  const { rawClient } = await import("../testing/raw-requests.ts");
  const stranger = rawClient(world.url, { accessKeyId: "AKIANOBODYNOBODY1234", secretAccessKey: "x" });
  expect(await stranger.json("ListQueues", {})).toMatchObject({
    status: 403,
    code: "com.amazon.coral.service#UnrecognizedClientException",
    queryError: "InvalidClientTokenId;Sender",
  });
});
