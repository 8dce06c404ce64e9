/** Commands for queues against a real cloud: the same program that a user starts. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cloud, createCloud } from "../../../../tests/support/cloud.ts";

let cloud: Cloud;
const files = mkdtempSync(join(tmpdir(), "biplane-queues-"));

beforeAll(async () => {
  cloud = createCloud();
  await cloud.start("up", "--port", "0", "--api-port", "0");
});
afterAll(async () => {
  await cloud.dispose();
  rmSync(files, { recursive: true, force: true });
});

const queues = (...args: string[]) => cloud.cli("queues", ...args);

/** What a command that must succeed prints on standard output. */
async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await queues(...args);
  if (code !== 0) throw new Error(`biplane queues ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}
const okJson = async <Answer = unknown>(...args: string[]): Promise<Answer> =>
  JSON.parse(await ok(...args, "--json")) as Answer;

/** Exit code and error code of a command that must fail. */
async function refusal(...args: string[]): Promise<string> {
  const { code, stdout } = await queues(...args, "--json");
  return `${code} ${(JSON.parse(stdout) as { readonly error: { readonly code: string } }).error.code}`;
}

describe("queues", () => {
  test("are made, listed, configured and deleted", async () => {
    expect((await queues("list")).stderr).toBe("There are none. Make one: biplane queues create NAME\n");
    expect(await ok("create", "failed")).toMatch(
      /^Queue failed is there: http:\/\/127\.0\.0\.1:\d+\/\d{12}\/failed\n$/,
    );
    const options = ["--visibility", "5m", "--dead-letters", "failed", "--max-receives", "3"];
    const { url } = await okJson<{ url: string }>("create", "jobs", ...options);
    expect(url).toMatch(/\/jobs$/);
    expect(await okJson("create", "orders", "--fifo", "--deduplicate")).toMatchObject({ name: "orders.fifo" });
    expect(await ok("list")).toMatch(/^NAME +VISIBLE +IN FLIGHT +DELAYED\nfailed +0 +0 +0\njobs /);
    expect(await okJson("list", "--prefix", "ord")).toEqual([
      { name: "orders.fifo", url: expect.any(String), visible: 0, inFlight: 0, delayed: 0 },
    ]);
    const attributes = async () =>
      (await okJson<{ attributes: Record<string, string> }>("attributes", "jobs")).attributes;
    expect(await attributes()).toMatchObject({ VisibilityTimeout: "300" });
    expect((await attributes()).RedrivePolicy).toContain('"maxReceiveCount":3');
    expect(await ok("set", "jobs", "--visibility", "10s", "--dead-letters", "none")).toBe(
      "Queue jobs has VisibilityTimeout, RedrivePolicy set.\n",
    );
    expect(await ok("attributes", "jobs")).toMatch(/\nVisibilityTimeout +10 s\n/);
    expect((await attributes()).RedrivePolicy).toBeUndefined();
    expect(await ok("delete", "jobs")).toBe("Queue jobs is gone.\n");
    expect(await refusal("attributes", "jobs")).toBe("4 QueueDoesNotExist");
    expect(await refusal("create", "jobs")).toBe("5 QueueDeletedRecently");
  });

  test("say what is wrong, with an exit code", async () => {
    expect(await refusal("create", "a b")).toBe("1 InvalidParameterValueException");
    expect(await refusal("create", "x", "--visibility", "13h")).toBe("2 USAGE");
    expect(await refusal("create", "x", "--deduplicate")).toBe("2 USAGE");
    expect(await refusal("create", "x", "--max-receives", "3")).toBe("2 USAGE");
    expect(await refusal("create", "x", "--dead-letters", "nowhere")).toBe("4 QueueDoesNotExist");
    expect(await refusal("set", "x")).toBe("2 USAGE");
    expect(await refusal("send", "nowhere", "x")).toBe("4 QueueDoesNotExist");
  });
});

describe("messages", () => {
  test("are sent, looked at, taken and purged", async () => {
    await ok("create", "work", "--visibility", "1m");
    expect(await ok("send", "work", "one", "--attributes", '{"kind": "urgent", "tries": 3}')).toMatch(
      /^Sent [0-9a-f-]{36}\n$/,
    );
    await ok("send", "work", "later", "--delay", "5m");
    expect(await ok("peek", "work")).toMatch(
      /^SENT +STATE +RECEIVED +BODY\n\d{4}-.* +visible +0 +one\n\d{4}-.* +delayed +0 +later\n$/,
    );
    expect(await okJson("receive", "work")).toMatchObject({
      body: "one",
      receiveCount: 1,
      attributes: { kind: { StringValue: "urgent" }, tries: { DataType: "Number", StringValue: "3" } },
    });
    expect(await ok("peek", "work", "--limit", "1")).toMatch(/in flight +1 +one\n$/);
    expect((await queues("receive", "work")).stderr).toBe("There is nothing to receive now.\n");
    expect(await ok("purge", "work")).toBe("Queue work is empty.\n");
    expect(await refusal("purge", "work")).toBe("5 PurgeQueueInProgress");
    expect((await queues("peek", "work")).stderr).toBe("The queue is empty.\n");
  });

  test("come line by line from a file, more than a batch holds", async () => {
    await ok("create", "lines");
    const path = join(files, "lines.txt");
    writeFileSync(path, `${Array.from({ length: 23 }, (_, at) => `line ${at}`).join("\r\n")}\n`);
    expect(await ok("send", "lines", "--lines", path)).toBe("Sent 23 messages to lines.\n");
    expect(await ok("receive", "lines", "--max", "3", "--delete")).toBe("line 0\nline 1\nline 2\n");
    expect(await ok("list", "--prefix", "lines")).toMatch(/lines +20 +0 +0\n$/);
    writeFileSync(path, "good\nbad \u0007\n");
    const { code, stderr } = await queues("send", "lines", "--lines", path);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^biplane: Message 2: Invalid characters found.*\(1 message sent\)\n$/),
    ]);
  });

  test("for FIFO queues have a group; the suffix need not be typed", async () => {
    expect(await refusal("send", "orders", "x")).toBe("1 MissingRequiredParameterException");
    const first = await okJson<{ messageId: string }>("send", "orders", "x", "--group", "g");
    expect(await okJson("send", "orders", "x", "--group", "g")).toMatchObject({ messageId: first.messageId });
  });

  test("go back to where they came from", async () => {
    await ok("create", "dead");
    await ok("create", "source", "--visibility", "0", "--dead-letters", "dead", "--max-receives", "1");
    await ok("send", "source", "poison");
    for (let round = 0; round < 2; round++) await ok("receive", "source");
    expect(await ok("peek", "dead")).toContain("poison");
    expect(await ok("redrive", "dead")).toBe("Moved 1 message.\n");
    expect(await ok("redrive", "dead", "--status")).toMatch(/completed +1 +1 +where they came from/);
    expect(await ok("peek", "source")).toContain("poison");
    expect(await refusal("redrive", "source")).toBe("1 InvalidParameterValueException");
    expect(await refusal("redrive", "dead", "--cancel")).toBe("4 NoMove");
  });
});
