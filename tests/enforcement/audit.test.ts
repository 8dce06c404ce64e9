/** The audit logs of real processes: what was acknowledged is in them whatever kills the process, what cannot be written down does not happen, a flood stays small, a changed byte is found. */
import { Database } from "bun:sqlite";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateUserCommand, IAMClient, ListUsersCommand } from "@aws-sdk/client-iam";
import type { AuditEntry } from "#foundation/audit";
import { type Cloud, type CloudEnvironment, type CloudProcess, createCloud } from "../support/cloud.ts";
import { randomFrom } from "../support/random.ts";
import { refusal } from "../support/s3.ts";
import { signedClientFor } from "../support/signed-client.ts";
import { skipUnless } from "../support/skips.ts";
import { until } from "../support/until.ts";
import { makeUser, optionsFor, rootOf } from "./accounts.ts";

/** Where each plane keeps its log, below the data directory. */
const LOGS = { control: "control/audit.sqlite", data: "node/audit/audit.sqlite" } as const;

async function recordsOf(cloud: Cloud, ...filters: readonly string[]): Promise<readonly AuditEntry[]> {
  const { code, stdout, stderr } = await cloud.cli("audit", "query", "--limit", "1000000", "--json", ...filters);
  if (code !== 0) throw new Error(`biplane audit query ended with ${code}: ${stderr}`);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as AuditEntry);
}

const verify = (cloud: Cloud, ...options: readonly string[]) => cloud.cli("audit", "verify", "--json", ...options);

/** Creates a user past the data plane. */
async function createByApi(environment: CloudEnvironment, name: string): Promise<Response> {
  return await fetch(`${environment.BIPLANE_API_URL}/v1/commands`, {
    method: "POST",
    headers: { authorization: `Bearer ${environment.BIPLANE_TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ type: "user.create", accountId: environment.BIPLANE_ACCOUNT_ID, name, sections: {} }),
  });
}

describe("whatever kills the process", () => {
  const KILLS = 10;
  const KINDS = ["data iam:CreateUser", "data s3:CreateBucket", "control executeCommand"] as const;
  let cloud: Cloud;
  beforeAll(() => {
    cloud = createCloud();
  });
  afterAll(async () => {
    await cloud.dispose();
  });

  test("every mutation that was acknowledged is in the log of its plane", async () => {
    const random = randomFrom(20_261_126);
    /** Request id → plane and action. */
    const acknowledged = new Map<string, string>();
    const countOf = (kind: string) => [...acknowledged.values()].filter((each) => each === kind).length;
    let running = await cloud.start("up", "--port", "0", "--api-port", "0");
    let made = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const environment = await cloud.environment();
      const iam = new IAMClient(optionsFor(environment, rootOf(environment)));
      const s3 = signedClientFor(environment);
      let alive = true;
      const untilKilled = async (step: (name: string) => Promise<readonly [string, string] | undefined>) => {
        while (alive) {
          const done = await step(`thing-${++made}`).catch(() => undefined);
          if (done !== undefined) acknowledged.set(...done);
        }
      };
      const atWork = Promise.all([
        untilKilled(async (UserName) => {
          const { $metadata } = await iam.send(new CreateUserCommand({ UserName }));
          return [$metadata.requestId!, "data iam:CreateUser"];
        }),
        untilKilled(async (name) => {
          const { status, headers } = await s3.send("PUT", `/${name}`);
          return status === 200 ? [headers.get("x-amz-request-id")!, "data s3:CreateBucket"] : undefined;
        }),
        untilKilled(async (name) => {
          const answer = await createByApi(environment, name);
          return answer.ok ? [answer.headers.get("x-request-id")!, "control executeCommand"] : undefined;
        }),
      ]);
      const before = KINDS.map(countOf);
      await until("something of each kind was acknowledged", () =>
        KINDS.every((kind, index) => countOf(kind) > before[index]!),
      );
      await Bun.sleep(random() * 150);
      await running.kill();
      alive = false;
      await atWork;
      iam.destroy();
      running = await cloud.start("up", "--port", "0", "--api-port", "0");
    }
    const records = await recordsOf(cloud, "--category", "mutation");
    const written = new Map(records.map(({ requestId, plane, action }) => [requestId, `${plane} ${action}`]));
    const missing = [...acknowledged].filter(([requestId, what]) => written.get(requestId) !== what);
    expect(missing).toEqual([]);
    for (const kind of KINDS) expect(countOf(kind)).toBeGreaterThanOrEqual(KILLS);
    expect((await verify(cloud)).code).toBe(0);
    console.log(`${acknowledged.size} acknowledged mutations over ${KILLS} kills, ${records.length} on record`);
    await running.stop();
  }, 180_000);
});

describe("what cannot be written down", () => {
  const mount = mkdtempSync(join(tmpdir(), "biplane-audit-disk-"));
  const mounted =
    process.platform === "linux" &&
    process.getuid?.() === 0 &&
    Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", mount]).exitCode === 0;
  const smallDiskTest = skipUnless(mounted, "needs root on Linux, to mount a small file system");
  let cloud: Cloud;
  let running: CloudProcess | undefined;

  afterEach(async () => {
    free();
    await running?.kill();
    await cloud?.dispose();
  });
  afterAll(() => {
    if (mounted) Bun.spawnSync(["umount", "-l", mount]);
    rmSync(mount, { recursive: true, force: true });
  });

  const fill = () => {
    for (let piece = 0; ; piece++) {
      const { bavail, bsize } = statfsSync(mount);
      if (bavail === 0) return;
      try {
        writeFileSync(join(mount, `ballast-${piece}`), new Uint8Array(bavail * bsize));
      } catch {
        // Somebody took some of it meanwhile.
      }
    }
  };
  function free(): void {
    for (const name of readdirSync(mount)) if (name.startsWith("ballast-")) rmSync(join(mount, name));
  }

  /** A cloud that keeps one of its logs, and nothing else, on the small disk. */
  async function startWithLogOn(path: string): Promise<CloudEnvironment> {
    cloud = createCloud();
    for (const directory of ["control", "node", "node/audit"]) {
      mkdirSync(join(cloud.dataDirectory, directory), { recursive: true, mode: 0o700 });
    }
    symlinkSync(join(mount, `${cloud.dataDirectory.slice(-6)}.sqlite`), join(cloud.dataDirectory, path));
    running = await cloud.start("up", "--port", "0", "--api-port", "0");
    return await cloud.environment();
  }

  const usersIn = async (iam: IAMClient) =>
    (await iam.send(new ListUsersCommand({ MaxItems: 1000 }))).Users!.map(({ UserName }) => UserName!);

  smallDiskTest(
    "at the AWS endpoint is answered 503 and changes nothing; what is done with objects goes on",
    async () => {
      const environment = await startWithLogOn(LOGS.data);
      const iam = new IAMClient(optionsFor(environment, rootOf(environment)));
      const s3 = signedClientFor(environment);
      expect((await s3.send("PUT", "/audited")).status).toBe(200);
      await iam.send(new CreateUserCommand({ UserName: "before" }));
      fill();
      let attempt = 0;
      let refusals = 0;
      // What still fits into the pages that SQLite has is written down, and done.
      await until("changes are refused", async () => {
        const outcome = await iam
          .send(new CreateUserCommand({ UserName: `late-${++attempt}` }))
          .catch((error: { readonly $metadata: { readonly httpStatusCode: number } }) => error);
        refusals = outcome.$metadata.httpStatusCode === 503 ? refusals + 1 : 0;
        return refusals >= 3;
      });
      const before = await usersIn(iam);
      expect((await s3.send("PUT", "/never")).status).toBe(503);
      const late = { UserName: "never" };
      expect((await refusal(iam.send(new CreateUserCommand(late)))).name).toMatch(/^ServiceUnavailable/);
      for (let i = 0; i < 20; i++) {
        expect((await s3.send("PUT", `/audited/${i}`, { body: "x" })).status).toBe(200);
        expect((await s3.send("GET", `/audited/${i}`)).text()).toBe("x");
      }
      expect((await s3.send("HEAD", "/never")).status).toBe(404);
      expect(await usersIn(iam)).toEqual(before);
      expect(before).not.toContain("never");

      free();
      await until("changes are taken again", async () => (await s3.send("PUT", "/again")).status === 200);
      expect((await verify(cloud)).code).toBe(0);
      iam.destroy();
    },
    60_000,
  );

  smallDiskTest(
    "at the API is answered 503 and changes nothing; reading, and the AWS endpoint, go on",
    async () => {
      const environment = await startWithLogOn(LOGS.control);
      const s3 = signedClientFor(environment);
      expect((await s3.send("PUT", "/audited")).status).toBe(200);
      expect((await createByApi(environment, "before")).status).toBe(200);
      fill();
      let attempt = 0;
      let refusals = 0;
      await until("changes are refused", async () => {
        const { status } = await createByApi(environment, `late-${++attempt}`);
        refusals = status === 503 ? refusals + 1 : 0;
        return refusals >= 3;
      });
      const users = async () => {
        const answer = await fetch(
          `${environment.BIPLANE_API_URL}/v1/users?account=${environment.BIPLANE_ACCOUNT_ID}`,
          {
            headers: { authorization: `Bearer ${environment.BIPLANE_TOKEN}` },
          },
        );
        return ((await answer.json()) as { readonly items: readonly { readonly name: string }[] }).items.map(
          ({ name }) => name,
        );
      };
      const before = await users();
      const answer = await createByApi(environment, "never");
      expect([answer.status, ((await answer.json()) as { readonly code: string }).code]).toEqual([
        503,
        "AUDIT_UNAVAILABLE",
      ]);
      expect(await users()).toEqual(before);
      expect(before).not.toContain("never");
      expect((await s3.send("PUT", "/audited/a", { body: "x" })).status).toBe(200);
      free();
      await until("changes are taken again", async () => (await createByApi(environment, `again-${++attempt}`)).ok);
      expect((await verify(cloud)).code).toBe(0);
    },
    60_000,
  );
});

describe("a flood and a forger", () => {
  const FLOOD = 3_000;
  const CONNECTIONS = 32;
  let cloud: Cloud;
  let running: CloudProcess;
  let environment: CloudEnvironment;
  beforeAll(async () => {
    cloud = createCloud();
    running = await cloud.start("up", "--port", "0", "--api-port", "0");
    environment = await cloud.environment();
  }, 30_000);
  afterAll(async () => {
    await cloud.dispose();
  });

  test.each([
    // The first, and how many more of its kind the minute brought; a minute may end on the way.
    ["one thing", () => "thing", 4],
    // A hundred kinds of one source are told apart, and one record counts the rest.
    ["ever new things", (index: number) => `thing-${index}`, 104],
  ] as const)(
    "thousands of refusals about %s leave few records, which count them all",
    async (name, keyOf, most) => {
      environment = await cloud.environment();
      const bucket = `flooded-by-${name.replaceAll(" ", "-")}`;
      expect((await signedClientFor(environment).send("PUT", `/${bucket}`)).status).toBe(200);
      const nobody = await makeUser(optionsFor(environment, rootOf(environment)), bucket);
      const client = signedClientFor(environment, nobody);
      let left = FLOOD;
      const flood = async (): Promise<void> => {
        while (left-- > 0) expect((await client.send("GET", `/${bucket}/${keyOf(left)}`)).status).toBe(403);
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, flood));
      // What was counted and not yet written is written at the end.
      await running.stop();
      running = await cloud.start("up", "--port", "0", "--api-port", "0");
      const records = await recordsOf(cloud, "--decision", "denied", "--actor", nobody.arn);
      expect(records.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(FLOOD);
      expect(records.length).toBeLessThanOrEqual(most);
      expect(records.every(({ action }) => action === "s3:GetObject")).toBe(true);
      console.log(`${FLOOD} refusals about ${name} are ${records.length} records`);
    },
    120_000,
  );

  test.each(["control", "data"] as const)(
    "a changed byte in the log of the %s plane is found",
    async (plane) => {
      environment = await cloud.environment();
      expect((await createByApi(environment, `forged-${plane}`)).status).toBe(200);
      const iam = new IAMClient(optionsFor(environment, rootOf(environment)));
      await iam.send(new CreateUserCommand({ UserName: `forged-${plane}-2` }));
      iam.destroy();
      expect((await verify(cloud)).code).toBe(0);
      await running.stop();
      const path = join(cloud.dataDirectory, LOGS[plane]);
      const record = lastRecord(path);
      const file = readFileSync(path);
      const at = file.indexOf(record);
      expect(at).toBeGreaterThan(0);
      // A letter of a sentence: JSON and SQLite find nothing wrong with it.
      const letter = at + record.indexOf('"reason":"') + '"reason":"'.length;
      file[letter] = file[letter]! ^ 0x01;
      writeFileSync(path, file);

      running = await cloud.start("up", "--port", "0", "--api-port", "0");
      const { code, stdout } = await verify(cloud);
      expect(code).toBe(1);
      const verdicts = JSON.parse(stdout) as readonly { readonly plane: string; readonly sound: boolean }[];
      expect(verdicts.filter(({ sound }) => !sound)).toMatchObject([{ plane }]);
      await running.stop();
      file[letter] = file[letter]! ^ 0x01;
      // What was written since is gone with the file: the chain ends where it ended before, and is sound.
      writeFileSync(path, file);
      running = await cloud.start("up", "--port", "0", "--api-port", "0");
      expect((await verify(cloud)).code).toBe(0);
    },
    60_000,
  );
});

/** The text of the last mutation in a log that nobody has open. */
function lastRecord(path: string): string {
  const database = new Database(path, { readonly: true });
  try {
    const row = database
      .query<{ record: string }, []>(
        "SELECT record FROM records WHERE category = 'mutation' ORDER BY sequence DESC LIMIT 1",
      )
      .get();
    return row!.record;
  } finally {
    database.close();
  }
}
