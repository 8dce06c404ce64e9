/** A volume outlives instances, goes into object storage locked, and comes back as a new one, or not at all. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { type Cloud, type CloudProcess, createCloud } from "../support/cloud.ts";
import { s3ClientFor } from "../support/s3.ts";
import { until } from "../support/until.ts";

const cloud: Cloud = createCloud();
const app = mkdtempSync(join(tmpdir(), "biplane-notes-"));
let up: CloudProcess;
let url: string;

const PROGRAM = `import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
const file = process.env.BIPLANE_MOUNT_DATA + "/notes.txt";
createServer((request, response) => {
  request.on("data", (text) => appendFileSync(file, text + "\\n"));
  request.on("end", () => response.end(existsSync(file) ? readFileSync(file) : ""));
}).listen(Number(process.env.PORT));
`;

const tried = (...args: string[]) => cloud.cli(...args);
const cli = async (...args: string[]) => {
  const answer = await tried(...args);
  if (answer.code !== 0) throw new Error(`biplane ${args.join(" ")}: ${answer.stdout}${answer.stderr}`);
  return answer.stdout;
};
const json = async <Answer>(...args: string[]) => JSON.parse(await cli(...args, "--json")) as Answer;

const notes = async (text?: string): Promise<string | undefined> => {
  const response = await fetch(url, {
    headers: { host: "web.notes.localhost" },
    ...(text === undefined ? {} : { method: "POST", body: text }),
  }).catch(() => undefined);
  return response?.status === 200 ? await response.text() : undefined;
};

interface Snapshot {
  readonly id: string;
  readonly object_key: string;
  readonly size_bytes: number;
}

beforeAll(async () => {
  up = await cloud.start("up", "--port", "0");
  url = `${/applications\s+(http:\/\/[\d.]+:\d+)/.exec(up.output())![1]}/`;
  writeFileSync(join(app, "server.mjs"), PROGRAM);
  writeFileSync(
    join(app, "biplane.toml"),
    `schema_version = "v1"
app = { name = "notes" }
volumes = [{ name = "store", size = "1Gi" }]
[processes.web]
command = [${JSON.stringify(process.execPath)}, "server.mjs"]
ports = [{ internal = 8080 }]
resources = { memory = "128Mi" }
mounts = [{ volume = "store", path = "/data" }]
`,
  );
}, 60_000);

afterAll(async () => {
  await cloud.dispose();
  rmSync(app, { recursive: true, force: true });
});

test("a deploy makes what the manifest declares, and what was written outlives the instance", async () => {
  await cli("deploy", app);
  expect(await notes("first")).toBe("first\n");
  await cli("restart");
  await until("the new instance answers", async () => (await notes()) === "first\n");
  await until("one instance is left", async () => {
    const [web] = (await json<{ processes: { live: number; ready: number }[] }>("ps")).processes;
    return web!.live === 1 && web!.ready === 1;
  });
  expect(await notes("second")).toBe("first\nsecond\n");
}, 60_000);

test("a volume is neither copied nor taken away under a program that writes to it", async () => {
  const name = "notes-production-store";
  const copied = await tried("volumes", "snapshot", name);
  expect(copied.code).not.toBe(0);
  expect(copied.stderr).toContain("scale its process to 0");
  for (const command of [["detach"], ["delete"]]) {
    const refused = await tried("volumes", ...command, name);
    expect(refused.code).toBe(5);
    expect(refused.stderr).toMatch(/scale web to 0|detach it first/);
  }
  expect((await tried("scale", "web=2")).code).not.toBe(0);
}, 60_000);

test("a snapshot is restored into a new volume, which takes the old one's place", async () => {
  await cli("scale", "web=0");
  await until(
    "it has ended",
    async () => (await json<{ processes: { live: number }[] }>("ps")).processes[0]!.live === 0,
  );
  const snapshot = await json<Snapshot>("volumes", "snapshot", "notes-production-store", "-m", "before");
  await cli("volumes", "restore", "notes-production-store", snapshot.id, "--name", "restored");
  await cli("volumes", "detach", "notes-production-store");
  await cli("volumes", "attach", "restored", "--path", "/data");
  await cli("scale", "web=1");
  await until("it answers", async () => (await notes()) !== undefined);
  expect(await notes()).toBe("first\nsecond\n");
  await cli("volumes", "delete", "notes-production-store");
}, 60_000);

test("the copy says nothing to who reads it; one that was changed becomes no volume", async () => {
  await cli("scale", "web=0");
  await until(
    "it has ended",
    async () => (await json<{ processes: { live: number }[] }>("ps")).processes[0]!.live === 0,
  );
  const made = await json<Snapshot>("volumes", "snapshot", "restored");
  const { accountId } = JSON.parse(readFileSync(join(cloud.dataDirectory, "credentials.json"), "utf8")) as {
    accountId: string;
  };
  const [snapshot] = await json<Snapshot[]>("volumes", "snapshots", "restored");
  expect(snapshot).toMatchObject({ id: made.id, status: "succeeded" });
  const s3 = s3ClientFor(await cloud.environment());
  const where = { Bucket: `biplane-${accountId}`, Key: made.object_key };
  const { Body } = await s3.send(new GetObjectCommand(where));
  const bytes = Buffer.from(await Body!.transformToByteArray());
  expect(bytes.includes("first")).toBe(false);
  expect(bytes.includes("notes.txt")).toBe(false);
  bytes[bytes.length >> 1]! ^= 1;
  await s3.send(new PutObjectCommand({ ...where, Body: bytes }));
  const refused = await tried("volumes", "restore", "restored", made.id, "--name", "never");
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain("decrypt_failed");
  const volumes = await json<{ name: string; state: string; failed_reason?: string }[]>("volumes", "list");
  expect(volumes.find(({ name }) => name === "never")).toMatchObject({ state: "error" });
  s3.destroy();
}, 60_000);
