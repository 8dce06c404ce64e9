/** Commands against a real cloud: the same program that a user starts. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { httpRequest } from "#foundation/http";
import { type Cloud, type CloudProcess, createCloud, PROGRAM } from "../../../tests/support/cloud.ts";

let cloud: Cloud;
let process_: CloudProcess;
const files = mkdtempSync(join(tmpdir(), "biplane-commands-"));

beforeAll(async () => {
  cloud = createCloud();
  process_ = await cloud.start("up", "--port", "0", "--api-port", "0");
});
afterAll(async () => {
  await cloud.dispose();
  rmSync(files, { recursive: true, force: true });
});

/** Runs a command that must succeed; what it prints on standard output. */
async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cloud.cli(...args);
  if (code !== 0) throw new Error(`biplane ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}

/** The same, as JSON. */
async function okJson<Answer = Record<string, unknown>>(...args: string[]): Promise<Answer> {
  return JSON.parse(await ok(...args, "--json")) as Answer;
}

/** Runs a command that must fail; its exit code and error code. */
async function refusal(...args: string[]): Promise<string> {
  const { code, stdout } = await cloud.cli(...args, "--json");
  return `${code} ${(JSON.parse(stdout) as { readonly error: { readonly code: string } }).error.code}`;
}

describe("nodes", () => {
  test("show the data plane, and keep it while it is connected", async () => {
    const [node] = await okJson<{ dataPlaneId: string }[]>("nodes", "list");
    expect(node).toMatchObject({ name: "up", connected: true });
    expect(await ok("nodes", "list")).toMatch(
      /^DATA PLANE\s+NAME\s+ENROLLED\s+STATE\ndp-\S+\s+up\s+\d{4}-.*connected\n$/,
    );
    expect(await refusal("nodes", "forget", node!.dataPlaneId)).toBe("5 DATA_PLANE_CONNECTED");
    expect(await refusal("nodes", "forget", "dp-unknown")).toBe("4 NoSuchDataPlane");
  });
});

describe("buckets", () => {
  test("are made, listed, shown and deleted", async () => {
    expect(await ok("buckets", "list")).toBe("");
    expect(await okJson("buckets", "create", "life", "--versioning")).toEqual({ name: "life", region: "us-east-1" });
    expect(await refusal("buckets", "create", "Not_A_Name")).toBe("1 InvalidBucketName");
    expect((await okJson<{ name: string }[]>("buckets", "list")).map((bucket) => bucket.name)).toEqual(["life"]);
    expect(await ok("buckets", "list")).toMatch(/^NAME\s+REGION\s+CREATED\nlife\s+us-east-1\s+\d{4}-/);
    expect(await okJson("buckets", "show", "life")).toMatchObject({
      arn: "arn:aws:s3:::life",
      versioning: "Enabled",
      tags: "none",
    });
    writeFileSync(join(files, "a.txt"), "one");
    await ok("buckets", "cp", join(files, "a.txt"), "s3://life/");
    await ok("buckets", "cp", join(files, "a.txt"), "s3://life/a.txt");
    await ok("buckets", "rm", "s3://life/a.txt");
    expect(await refusal("buckets", "delete", "life")).toBe("5 BucketNotEmpty");
    expect(await okJson("buckets", "delete", "life", "--force")).toEqual({
      name: "life",
      deleted: true,
      deletedObjects: 3,
    });
    expect(await refusal("buckets", "show", "life")).toStartWith("4 ");
    expect(await refusal("buckets", "delete", "life")).toBe("4 NoSuchBucket");
  });

  test("in another region say so", async () => {
    await ok("buckets", "create", "elsewhere", "--region", "eu-central-1");
    // Which region it is in need not be known to use it.
    expect((await okJson("buckets", "show", "elsewhere")).region).toBe("eu-central-1");
    expect(await ok("buckets", "presign", "s3://elsewhere/x")).toContain("%2Feu-central-1%2F");
    await ok("buckets", "delete", "elsewhere");
  });
});

describe("objects", () => {
  beforeAll(async () => {
    await ok("buckets", "create", "things");
  });

  test("of every size come back as they went, and leave no temporary file", async () => {
    // Nothing, a byte, one piece exactly, and three pieces of 16 MiB of which the last is short.
    for (const size of [0, 1, 16 * 1024 * 1024, 40 * 1024 * 1024 + 7]) {
      const bytes = new Uint8Array(size);
      for (let offset = 0; offset < size; offset += 65_536)
        crypto.getRandomValues(bytes.subarray(offset, Math.min(size, offset + 65_536)));
      writeFileSync(join(files, "up.bin"), bytes);
      expect((await okJson("buckets", "cp", join(files, "up.bin"), `s3://things/size/${size}`)).bytes).toBe(size);
      await ok("buckets", "cp", `s3://things/size/${size}`, join(files, "down.bin"));
      expect(Buffer.compare(readFileSync(join(files, "down.bin")), bytes)).toBe(0);
    }
    expect(readdirSync(files).sort()).toEqual(["a.txt", "down.bin", "up.bin"]);
    expect(await okJson("buckets", "du", "things")).toEqual({
      bucket: "things",
      prefix: "",
      objects: 4,
      bytes: 1 + 56 * 1024 * 1024 + 7,
    });
  });

  test("of any name are put, listed, read, copied, presigned and deleted", async () => {
    const keys = ["plain", "with space + plus %25", "ünï/日本/🎉", "a//b/../c/./d", "&<>\"'\u0001.txt", "~!*'()"];
    const urlOf = (key: string) => `s3://things/odd/${key}`;
    for (const [index, key] of keys.entries()) {
      writeFileSync(join(files, `odd${index}`), key);
      await ok("buckets", "cp", join(files, `odd${index}`), urlOf(key));
      rmSync(join(files, `odd${index}`));
    }
    const { objects } = await okJson<{ objects: { key: string; size: number }[] }>(
      "buckets",
      "ls",
      "-r",
      "s3://things/odd/",
    );
    expect(objects.map(({ key, size }) => `${key} ${size}`).sort()).toEqual(
      keys.map((key) => `odd/${key} ${Buffer.byteLength(key)}`).sort(),
    );
    for (const key of keys) {
      await ok("buckets", "cp", urlOf(key), "s3://things/copy");
      expect(await ok("buckets", "cp", "s3://things/copy", "-")).toBe(key);
    }
    for (const key of [keys[1]!, keys[3]!]) {
      const url = (await ok("buckets", "presign", urlOf(key))).trim();
      // As it is: other clients would take the dots out of the path.
      const reply = await httpRequest({ url, target: url.slice(new URL(url).origin.length) });
      expect(await reply.text()).toBe(key);
      await ok("buckets", "rm", urlOf(key));
      expect(await refusal("buckets", "rm", urlOf(key))).toStartWith("4 ");
    }
  });

  test("are listed as folders", async () => {
    for (const key of ["f/1", "f/2/3", "g"]) await ok("buckets", "cp", join(files, "a.txt"), `s3://things/tree/${key}`);
    const lines = (await ok("buckets", "ls", "s3://things/tree/")).trimEnd().split("\n");
    expect(lines.map((line) => line.trim().split(/\s+/).slice(-1)[0])).toEqual(["f/", "g"]);
    expect(await refusal("buckets", "ls", "s3://things/nothing")).toBe("4 FILE_NOT_FOUND");
  });

  test("come from standard input, also long ones", async () => {
    const bytes = new Uint8Array(20 * 1024 * 1024).fill(7);
    writeFileSync(join(files, "long"), bytes);
    const child = Bun.spawn([...PROGRAM, "buckets", "cp", "-", "s3://things/stdin"], {
      stdin: Bun.file(join(files, "long")),
      stderr: "pipe",
      env: { ...process.env, BIPLANE_DATA: cloud.dataDirectory },
    });
    expect([await child.exited, await new Response(child.stderr).text()]).toEqual([
      0,
      expect.stringContaining("20 MiB"),
    ]);
    await ok("buckets", "cp", "s3://things/stdin", join(files, "long2"));
    expect(Buffer.compare(readFileSync(join(files, "long2")), bytes)).toBe(0);
  });

  test("that are not there leave no file", async () => {
    expect(await refusal("buckets", "cp", "s3://things/none", join(files, "none"))).toBe("4 NoSuchKey");
    expect(await refusal("buckets", "cp", join(files, "none"), "s3://things/none")).toBe("4 FILE_NOT_FOUND");
    expect(await refusal("buckets", "cp", files, "s3://things/none")).toBe("2 USAGE");
    expect(readdirSync(files).filter((name) => name.startsWith("none"))).toEqual([]);
  });
});

describe("accounts, users and keys", () => {
  test("another account's key sees nothing of ours", async () => {
    const account = await okJson<{ accountId: string; name: string }>("accounts", "create", "team");
    expect(account.accountId).toMatch(/^\d{12}$/);
    expect(await refusal("accounts", "create", "team")).toBe("5 AccountAlreadyExists");
    expect(await ok("accounts", "list")).toContain(`${account.accountId}  team`);
    const key = await okJson<{ accessKeyId: string; secretAccessKey: string }>(
      "keys",
      "create",
      "--account",
      account.accountId,
    );
    const environment = await cloud.environment();
    const asTeam = Bun.spawnSync(
      [...PROGRAM, "buckets", "list", "--json", "--endpoint", environment.AWS_ENDPOINT_URL!],
      { env: { AWS_ACCESS_KEY_ID: key.accessKeyId, AWS_SECRET_ACCESS_KEY: key.secretAccessKey } },
    );
    expect(asTeam.stdout.toString()).toBe("[]\n");
    await ok("keys", "deactivate", key.accessKeyId, "--account", account.accountId);
    expect(await ok("keys", "list", "--account", account.accountId)).toContain("Inactive");
    await ok("keys", "activate", key.accessKeyId, "--account", account.accountId);
    await ok("keys", "delete", key.accessKeyId, "--account", account.accountId);
    expect(await okJson<unknown[]>("keys", "list", "--account", account.accountId)).toEqual([]);
  });

  test("users have policies, from text and from files", async () => {
    expect((await okJson("users", "create", "ada", "--path", "/team/")).arn).toEndWith(":user/team/ada");
    expect(await refusal("users", "create", "ada")).toBe("5 EntityAlreadyExists");
    const policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
    });
    writeFileSync(join(files, "policy.json"), policy);
    await ok("users", "policy", "put", "ada", "all", `@${join(files, "policy.json")}`);
    expect(await ok("users", "policy", "show", "ada", "all")).toBe(`${policy}\n`);
    expect(await refusal("users", "policy", "put", "ada", "bad", "{")).toBe("2 USAGE");
    expect(await refusal("users", "policy", "put", "ada", "bad", "{}")).toBe("1 MalformedPolicyDocument");
    expect(await refusal("users", "policy", "put", "nobody", "all", policy)).toBe("4 NOT_FOUND");
    expect(await ok("users", "list")).toMatch(/ada\s+\/team\/\s+all/);
    expect(await refusal("users", "delete", "ada")).toBe("5 DeleteConflict");
    await ok("users", "policy", "delete", "ada", "all");
    expect(await refusal("users", "policy", "delete", "ada", "all")).toBe("4 NOT_FOUND");
    await ok("users", "delete", "ADA");
    expect(await refusal("users", "delete", "ada")).toBe("4 NOT_FOUND");
    expect(await okJson<unknown[]>("users", "list")).toEqual([]);
  });
});

describe("status and events", () => {
  test("status shows the process and its data plane", async () => {
    const status = await okJson<{
      processes: { pid: number }[];
      controlPlane: { dataPlanes: { state: string; lag: number }[] };
    }>("status");
    expect(status.processes.map((one) => one.pid)).toEqual([process_.pid]);
    expect(status.controlPlane.dataPlanes).toEqual([expect.objectContaining({ name: "up", via: "in process" })]);
    expect(await ok("status")).toMatch(/^PROCESS\s+PID/);
  });

  test("a tail shows the last events, and follows new ones until it is interrupted", async () => {
    const all = (await ok("events", "tail", "--after", "0", "--json"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { id: number; type: string });
    expect(all.map((event) => event.id)).toEqual(all.map((_, index) => index + 1));
    expect((await ok("events", "tail", "-n", "3")).trimEnd().split("\n").length).toBe(3);
    expect((await ok("events", "tail", "--after", "0", "-n", "2", "--json")).trimEnd().split("\n").length).toBe(2);
    const child = Bun.spawn([...PROGRAM, "events", "tail", "-f", "-n", "1", "--json"], {
      stdout: "pipe",
      env: { ...process.env, BIPLANE_DATA: cloud.dataDirectory },
    });
    const lines = linesOf(child.stdout);
    expect(JSON.parse((await lines.next()).value as string).id).toBe(all.length);
    await ok("accounts", "create", "followed");
    expect(JSON.parse((await lines.next()).value as string)).toMatchObject({
      type: "account.created",
      payload: { name: "followed" },
    });
    child.kill("SIGINT");
    expect(await child.exited).toBe(0);
  });
});

describe("starting", () => {
  test("a second cloud on the same directory or port is refused with 5", async () => {
    expect(await refusal("up", "--port", "0", "--api-port", "0")).toBe("5 DATA_DIRECTORY_IN_USE");
    const port = new URL((await cloud.environment()).AWS_ENDPOINT_URL!).port;
    const other = mkdtempSync(join(tmpdir(), "biplane-other-"));
    expect(await refusal("up", "--data", other, "--port", port, "--api-port", "0")).toBe("5 ADDRESS_IN_USE");
    rmSync(other, { recursive: true, force: true });
  });

  test("a clean stop takes the endpoints away", async () => {
    expect(await process_.stop()).toBe(0);
    const env = await cloud.cli("env");
    expect([env.code, env.stdout]).toEqual([6, ""]);
    expect(await refusal("status")).toBe("6 NOT_RUNNING");
    expect(await refusal("buckets", "list")).toBe("6 NOT_RUNNING");
  });
});

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
