/** The audit commands against a real cloud: the same program that a user starts. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { AuditEntry, AuditVerdict } from "#foundation/audit";
import { openDatabase } from "#foundation/sql";
import { type Cloud, type CloudProcess, createCloud, PROGRAM } from "../../../../tests/support/cloud.ts";
import { until } from "../../../../tests/support/until.ts";

let cloud: Cloud;
let running: CloudProcess;

beforeAll(async () => {
  cloud = createCloud();
  running = await cloud.start("up", "--port", "0", "--api-port", "0");
});
afterAll(() => cloud.dispose());

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cloud.cli(...args);
  if (code !== 0) throw new Error(`biplane ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}

async function records(...args: string[]): Promise<readonly AuditEntry[]> {
  const lines = (await ok("audit", ...args, "--json")).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as AuditEntry);
}

type Verified = { readonly plane: string } & Extract<AuditVerdict, { readonly sound: true }>;

async function verdicts(...args: string[]): Promise<readonly Verified[]> {
  return JSON.parse(await ok("audit", "verify", ...args, "--json")) as readonly Verified[];
}

describe("biplane audit", () => {
  test("tail and query show what was done at both planes, by time", async () => {
    await ok("buckets", "create", "recorded");
    await ok("accounts", "create", "second");
    const { AWS_ENDPOINT_URL: url } = await cloud.environment();
    expect((await fetch(`${url}/recorded`)).status).toBe(403);
    // Nobody waits for the record of a refusal.
    await until("the refusal is on record", async () => (await records("query", "--decision", "denied")).length > 0);

    const newest = await records("query");
    const times = newest.map(({ at }) => at);
    expect(times).toEqual([...times].sort((left, right) => right - left));
    expect(new Set(newest.map(({ plane }) => plane))).toEqual(new Set(["control", "data"]));
    expect(await records("tail", "-n", "3")).toEqual(newest.slice(0, 3).reverse());

    const [created] = await records("query", "--action", "s3:CreateBucket", "--limit", "1");
    expect(created).toMatchObject({ plane: "data", decision: "allowed", resource: "arn:aws:s3:::recorded" });
    expect(await records("query", "--request", created!.requestId)).toEqual([created!]);
    const denied = await records("query", "--decision", "denied", "--since", "1h", "--plane", "data");
    expect(denied).toMatchObject([{ action: "s3:ListObjects", actor: { type: "anonymous" } }]);
    expect(await records("query", "--until", "1h")).toEqual([]);
    expect(await ok("audit", "query", "--action", "s3:*", "-n", "1", "--decision", "allowed")).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}data {5}allowed {2}s3:CreateBucket {2}arn:aws:iam::\d{12}:root {2}arn:aws:s3:::recorded {2}\S.*\n$/,
    );
  });

  test("says which option is wrong", async () => {
    const refused = async (...args: string[]) => {
      const { code, stderr } = await cloud.cli("audit", ...args);
      return `${code} ${stderr.trim()}`;
    };
    expect(await refused("query", "--since", "yesterday")).toStartWith("2 biplane: --since is how long ago");
    expect(await refused("query", "--plane", "third")).toStartWith("2 biplane: --plane is control or data");
    expect(await refused("query", "--decision", "maybe", "--plane", "data")).toStartWith(
      '1 biplane: "decision" does not',
    );
    expect(await refused("verify", "--checkpoint", "12")).toStartWith(
      "2 biplane: A checkpoint is a sequence and a hash",
    );
    expect(await refused("verify", "--checkpoint", `1:${"0".repeat(64)}`)).toContain("Which log is the checkpoint of?");
  });

  test("verify finds both logs sound, and holds them against checkpoints of before", async () => {
    const before = await verdicts();
    expect(before.map(({ plane, sound }) => ({ plane, sound }))).toEqual([
      { plane: "control", sound: true },
      { plane: "data", sound: true },
    ]);
    await ok("buckets", "create", "later");
    for (const { plane, head } of before) {
      const [now] = await verdicts("--plane", plane, "--checkpoint", `${head.sequence}:${head.hash}`);
      expect(now).toMatchObject({ plane, sound: true, checkpoint: "met" });
      const other = await cloud.cli("audit", "verify", "--plane", plane, "--checkpoint", `1:${"0".repeat(64)}`);
      expect(other.code).toBe(1);
      expect(other.stdout).toContain("rewritten at record 1");
    }
  });

  test("tail --follow goes on with new records until the cloud stops", async () => {
    const child = Bun.spawn([...PROGRAM, "audit", "tail", "-f", "-n", "1", "--json"], {
      cwd: join(import.meta.dir, "../../../.."),
      env: { ...process.env, BIPLANE_DATA: cloud.dataDirectory },
      stdout: "pipe",
      stderr: "pipe",
    });
    const actions: string[] = [];
    let rest = "";
    for await (const bytes of child.stdout) {
      const lines = (rest + new TextDecoder().decode(bytes)).split("\n");
      rest = lines.pop() ?? "";
      const first = actions.length === 0;
      for (const line of lines) actions.push((JSON.parse(line) as AuditEntry).action);
      // The last record is shown when the place to follow from is known.
      if (first && actions.length > 0) await ok("buckets", "create", "followed");
      else if (actions.length > 1) await running.stop();
    }
    expect({ code: await child.exited, complaint: await new Response(child.stderr).text() }).toEqual({
      code: 0,
      complaint: "",
    });
    expect(actions[1]).toBe("s3:CreateBucket");
  });

  test("verify says what a hand in the file has changed", async () => {
    const path = join(cloud.dataDirectory, "node", "audit", "audit.sqlite");
    const database = openDatabase({ path });
    database.exec(`DROP TRIGGER records_do_not_change;
      UPDATE records SET record = replace(record, 'arn:aws:s3:::recorded', 'arn:aws:s3:::innocent') WHERE sequence = 2`);
    database.close();
    running = await cloud.start("up", "--port", "0", "--api-port", "0");
    const { code, stdout } = await cloud.cli("audit", "verify");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^control {2}sound/);
    expect(stdout).toMatch(/\ndata {5}not what was written {2}changed at record 2/);
  });
});
