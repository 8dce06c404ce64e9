/** The AWS CLI with SQS, unmodified, with nothing but the variables of `biplane env`. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { type AwsCli, hasAwsCli, NO_AWS_CLI, startAwsCli } from "../support/aws-cli.ts";
import { type ClientCloud, startClientCloud } from "../support/client-cloud.ts";
import { skipUnless } from "../support/skips.ts";
import { until } from "../support/until.ts";

const cliTest = skipUnless(hasAwsCli, NO_AWS_CLI);
const MINUTE = 60_000;

interface Message {
  readonly Body: string;
  readonly ReceiptHandle: string;
}

describe("AWS CLI, sqs", () => {
  let here: ClientCloud;
  let cli: AwsCli;
  /** Version 1 prefers its own name for SQS to the endpoint of the environment, and must be told on its command line. */
  let endpoint: readonly string[] = [];
  /** What a command answers; an empty answer is an empty object. */
  const sqs = async <Answer>(...args: string[]): Promise<Answer> => {
    const text = await cli.must([...endpoint, "sqs", ...args, "--output", "json"]);
    return (text.trim() === "" ? {} : JSON.parse(text)) as Answer;
  };
  const refused = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await cli.run([...endpoint, "sqs", ...args]);
    expect(code).not.toBe(0);
    return stderr;
  };

  beforeAll(async () => {
    if (!hasAwsCli) return;
    here = await startClientCloud();
    cli = await startAwsCli(here);
    if (cli.version.startsWith("1.")) endpoint = ["--endpoint-url", here.environment.AWS_ENDPOINT_URL!];
  });
  afterAll(async () => {
    if (!hasAwsCli) return;
    await cli.close();
    await here.dispose();
  });

  cliTest(
    "queues, messages, batches, errors",
    async () => {
      const { QueueUrl: url } = await sqs<{ QueueUrl: string }>(
        ...["create-queue", "--queue-name", "cli-jobs", "--attributes", "VisibilityTimeout=60,DelaySeconds=0"],
      );
      expect(await sqs<object>("get-queue-url", "--queue-name", "cli-jobs")).toEqual({ QueueUrl: url });
      expect(await sqs<object>("list-queues", "--queue-name-prefix", "cli-")).toEqual({ QueueUrls: [url] });
      const { Attributes } = await sqs<{ Attributes: Record<string, string> }>(
        ...["get-queue-attributes", "--queue-url", url, "--attribute-names", "All"],
      );
      expect(Attributes.VisibilityTimeout).toBe("60");
      await sqs("tag-queue", "--queue-url", url, "--tags", "team=blue");
      expect(await sqs<object>("list-queue-tags", "--queue-url", url)).toEqual({ Tags: { team: "blue" } });
      await sqs("set-queue-attributes", "--queue-url", url, "--attributes", "VisibilityTimeout=90");

      await sqs("send-message", "--queue-url", url, "--message-body", "hello ✓");
      const { Messages } = await sqs<{ Messages: Message[] }>(
        ...["receive-message", "--queue-url", url, "--wait-time-seconds", "5", "--attribute-names", "All"],
      );
      expect(Messages.map(({ Body }) => Body)).toEqual(["hello ✓"]);
      await sqs("delete-message", "--queue-url", url, "--receipt-handle", Messages[0]!.ReceiptHandle);
      const batch = await sqs<{ Successful: object[]; Failed: { Code: string }[] }>(
        ...["send-message-batch", "--queue-url", url, "--entries"],
        '[{"Id":"a","MessageBody":"x"},{"Id":"b","MessageBody":"y","DelaySeconds":901}]',
      );
      expect([batch.Successful.length, batch.Failed[0]?.Code]).toEqual([1, "InvalidParameterValue"]);

      expect(await refused("get-queue-url", "--queue-name", "cli-none")).toContain(
        "An error occurred (AWS.SimpleQueueService.NonExistentQueue) when calling the GetQueueUrl operation: The specified queue does not exist.",
      );
      expect(await refused("receive-message", "--queue-url", url, "--max-number-of-messages", "11")).toContain(
        "(InvalidParameterValue)",
      );
      await sqs("purge-queue", "--queue-url", url);
      await sqs("delete-queue", "--queue-url", url);
      expect(await refused("create-queue", "--queue-name", "cli-jobs")).toContain("QueueDeletedRecently");
    },
    2 * MINUTE,
  );

  cliTest(
    "dead letters and their way back",
    async () => {
      const create = (name: string, attributes: object) =>
        sqs<{ QueueUrl: string }>("create-queue", "--queue-name", name, "--attributes", JSON.stringify(attributes));
      const { QueueUrl: dead } = await create("cli-dead", {});
      const { Attributes } = await sqs<{ Attributes: { QueueArn: string } }>(
        ...["get-queue-attributes", "--queue-url", dead, "--attribute-names", "QueueArn"],
      );
      const arn = Attributes.QueueArn;
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 1 });
      const { QueueUrl: source } = await create("cli-source", { RedrivePolicy, VisibilityTimeout: "0" });
      await sqs("send-message", "--queue-url", source, "--message-body", "poison");
      for (let round = 0; round < 2; round++) await sqs("receive-message", "--queue-url", source);
      expect(await sqs<object>("list-dead-letter-source-queues", "--queue-url", dead)).toEqual({ queueUrls: [source] });
      await sqs("start-message-move-task", "--source-arn", arn);
      await until("the message has moved", async () => {
        const { Results } = await sqs<{ Results: { Status: string; ApproximateNumberOfMessagesMoved: number }[] }>(
          ...["list-message-move-tasks", "--source-arn", arn],
        );
        return Results[0]?.Status === "COMPLETED" && Results[0].ApproximateNumberOfMessagesMoved === 1;
      });
      const { Messages } = await sqs<{ Messages: Message[] }>("receive-message", "--queue-url", source);
      expect(Messages.map(({ Body }) => Body)).toEqual(["poison"]);
    },
    2 * MINUTE,
  );
});
