import { expect, test } from "bun:test";
import { grantsService } from "./service-access.ts";

const policy = (statement: object) =>
  JSON.stringify({ Version: "2012-10-17", Statement: { Resource: "*", ...statement } });

test.each([
  [{ Effect: "Allow", Action: "s3:GetObject" }, true],
  [{ Effect: "Allow", Action: ["sqs:*", "S3:Put*"] }, true],
  [{ Effect: "Allow", Action: "*" }, true],
  [{ Effect: "Allow", Action: "s3express:*" }, false],
  [{ Effect: "Allow", Action: "sqs:*" }, false],
  [{ Effect: "Deny", Action: "s3:*" }, false],
  [{ Effect: "Allow", NotAction: "iam:*" }, true],
  [{ Effect: "Allow", NotAction: "s3:GetObject" }, true],
  [{ Effect: "Allow", NotAction: ["iam:*", "S3:*"] }, false],
  [{ Effect: "Allow", NotAction: "*" }, false],
])("%p grants something of s3: %p", (statement, granted) => {
  expect(grantsService(policy(statement), "s3")).toBe(granted);
});
