import { describe, expect, test } from "bun:test";
import { checkQueueName, parseQueueArn, parseQueueUrl, queueArn, queueUrl } from "./queue-address.ts";

const ACCOUNT = "123456789012";

describe("the URL of a queue", () => {
  test.each([
    [`http://127.0.0.1:4566/${ACCOUNT}/jobs`, "jobs"],
    [`https://sqs.eu-west-1.amazonaws.com/${ACCOUNT}/jobs.fifo`, "jobs.fifo"],
    [`https://queue.amazonaws.com/${ACCOUNT}/jobs/`, "jobs"],
    [`/${ACCOUNT}/jobs`, "jobs"],
    [`${ACCOUNT}/jobs`, "jobs"],
    [queueUrl("http://x", ACCOUNT, "a"), "a"],
  ])("%s names %s", (url, name) => {
    expect(parseQueueUrl(url)).toEqual({ accountId: ACCOUNT, name } as never);
  });

  test.each([
    "",
    "/",
    "jobs",
    "//",
    `http://x/${ACCOUNT}`,
    "http://x/12345/jobs",
    `http://x/${ACCOUNT}/${"a".repeat(81)}`,
  ])("%p names nothing", (url) => {
    const place = parseQueueUrl(url);
    // What has the form of a place and no such queue is not found later.
    if (place !== undefined) expect(place.name).not.toBe("jobs");
  });
});

describe("the ARN of a queue", () => {
  test("is read as it is written", () => {
    expect(parseQueueArn(queueArn("eu-west-1", ACCOUNT, "a_b-C.fifo"))).toEqual({
      region: "eu-west-1",
      accountId: ACCOUNT,
      name: "a_b-C.fifo",
    } as never);
  });

  test.each([
    "",
    "jobs",
    `arn:aws:sns:us-east-1:${ACCOUNT}:jobs`,
    `arn:aws:sqs:us-east-1:${ACCOUNT}`,
    `arn:aws:sqs::${ACCOUNT}:a`,
  ])("%p is none", (arn) => {
    expect(parseQueueArn(arn)).toBeUndefined();
  });
});

test.each([
  ["a", false, true],
  ["a".repeat(80), false, true],
  ["a".repeat(81), false, false],
  ["a.b", false, false],
  ["", false, false],
  [`${"a".repeat(75)}.fifo`, true, true],
  [`${"a".repeat(76)}.fifo`, true, false],
  [".fifo", true, false],
  ["a", true, false],
])("the name %p (FIFO %p) is good: %p", (name, fifo, good) => {
  const check = () => checkQueueName(name, fifo);
  if (good) expect(check).not.toThrow();
  else expect(check).toThrow();
});
