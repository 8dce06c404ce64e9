/** boto3: scripts of their own, so that they read like what a Python user would write. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { join } from "node:path";
import { type ClientCloud, startClientCloud } from "../support/client-cloud.ts";
import { skipUnless } from "../support/skips.ts";

const python = Bun.which("python3");
const installed = python !== null && Bun.spawnSync([python, "-c", "import boto3"]).exitCode === 0;
const botoTest = skipUnless(installed, "boto3 is not installed (Debian: python3-boto3)");

describe("boto3", () => {
  let here: ClientCloud;
  beforeAll(async () => {
    if (installed) here = await startClientCloud();
  });
  afterAll(async () => {
    if (installed) await here.dispose();
  });

  for (const [service, script] of [
    ["S3", "boto3-tour.py"],
    ["SQS", "boto3-queues.py"],
    ["DynamoDB", "boto3-tables.py"],
    ["IAM", "boto3-iam.py"],
  ] as const) {
    botoTest(
      `the script about ${service} runs to its end`,
      async () => {
        const printed = await here.must([python!, join(import.meta.dir, script)]);
        expect(printed.trim().split("\n").at(-1)).toBe("all good");
      },
      120_000,
    );
  }
});
