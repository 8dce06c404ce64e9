/** Lost and damaged files: the program says what is wrong and touches nothing; what is put back is there again. Damaged bodies are errors, not answers. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  closeSync,
  cpSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cloud, type CloudProcess, createCloud } from "../support/cloud.ts";
import { type SignedClient, signedClientFor } from "../support/signed-client.ts";
import { until } from "../support/until.ts";

const BODY = Buffer.alloc(300_000, "what must not be lost;");
const ENCRYPTED = { "x-amz-server-side-encryption": "AES256" };

describe("a damaged data directory", () => {
  let cloud: Cloud;
  let copy: string;
  const start = () => cloud.start("up", "--port", "0", "--api-port", "0");
  const client = async (): Promise<SignedClient> => signedClientFor(await cloud.environment());
  const bodies = (): string[] =>
    readdirSync(join(cloud.dataDirectory, "node/objects/buckets"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  const putBack = () => {
    rmSync(cloud.dataDirectory, { recursive: true });
    cpSync(copy, cloud.dataDirectory, { recursive: true });
  };

  beforeAll(async () => {
    cloud = createCloud();
    copy = mkdtempSync(join(tmpdir(), "biplane-copy-"));
    const running = await start();
    const s3 = await client();
    expect((await s3.send("PUT", "/damage")).status).toBe(200);
    expect((await s3.send("PUT", "/damage/plain", { body: BODY })).status).toBe(200);
    expect((await s3.send("PUT", "/damage/sealed", { body: BODY, headers: ENCRYPTED })).status).toBe(200);
    await until("both bodies are at their place", () => bodies().length === 2);
    expect(await running.stop()).toBe(0);
    cpSync(cloud.dataDirectory, copy, { recursive: true });
  }, 60_000);
  afterAll(async () => {
    await cloud.dispose();
    rmSync(copy, { recursive: true, force: true });
  });

  const overwrite = (path: string, offset: number, length: number) => {
    const file = openSync(path, "r+");
    writeSync(file, Buffer.alloc(length, 7), 0, length, offset);
    closeSync(file);
  };
  const header = (path: string) => overwrite(path, 0, 100);
  const pages = (path: string) => overwrite(path, 4096, 8192);
  const cut = (path: string) => truncateSync(path, 5000);
  const garbage = (path: string) => writeFileSync(path, "garbage");
  const lost = (path: string) => rmSync(path);

  const DAMAGES: readonly (readonly [name: string, damage: (path: string) => void])[] = [
    ["node/objects/objects.db", header],
    ["node/objects/objects.db", pages],
    ["node/objects/objects.db", cut],
    ["node/objects/objects.db", lost],
    ["node/objects/master.key", garbage],
    ["node/objects/master.key", lost],
    ["node/link/catalog.sqlite", header],
    ["node/link/sealing-keys.json", garbage],
    ["node/link/identity", cut],
    ["node/queues/queues.db", header],
    ["node/queues/messages.key", garbage],
    ["node/queues/messages.key", lost],
    ["node/tables/tables.db", header],
    ["node/tables/tables.db", cut],
    ["control/events.sqlite", header],
    ["control/events.sqlite", pages],
    ["control/events.sqlite", lost],
    ["control/master.key", garbage],
    ["control/master.key", lost],
    ["credentials.json", garbage],
  ];
  for (const [name, damage] of DAMAGES) {
    test(`${name}: ${damage.name} is refused in plain words`, async () => {
      damage(join(cloud.dataDirectory, name));
      let words = "";
      await start().then(
        async (running) => {
          await running.stop();
        },
        (error: Error) => {
          words = error.message;
        },
      );
      expect(words).toContain("ended with 1 before it was ready");
      expect(words).toMatch(/restore|damaged|not valid/);
      expect(words).not.toContain("bug");
      putBack();
    });
  }

  test("what was put back is there; a catalog and credentials that are lost come from the control plane", async () => {
    for (const name of [
      "node/link/catalog.sqlite",
      "node/link/identity",
      "node/link/sealing-keys.json",
      "credentials.json",
    ]) {
      rmSync(join(cloud.dataDirectory, name));
      const running = await start();
      const s3 = await client();
      for (const key of ["plain", "sealed"]) {
        const got = await s3.send("GET", `/damage/${key}`);
        expect([got.status, Buffer.compare(got.bytes, BODY)]).toEqual([200, 0]);
      }
      await running.stop();
      putBack();
    }
  }, 30_000);

  test("a body that is changed, cut or missing is an error and no hang", async () => {
    const running: CloudProcess = await start();
    try {
      const s3 = await client();
      const sealed = bodies().find((path) => path.includes("sealed"))!;
      const plain = bodies().find((path) => path.includes("plain"))!;
      const bytes = readFileSync(sealed);
      bytes[100]! ^= 1;
      writeFileSync(sealed, bytes);
      // The first frame is opened before the status is sent, or the connection is cut: never the changed bytes.
      const changed = await s3.send("GET", "/damage/sealed");
      expect(changed.status).toBeOneOf([0, 500]);
      const range = await s3.send("GET", "/damage/sealed", { headers: { range: "bytes=0-9" } });
      expect([range.status, range.code]).toEqual([500, "InternalError"]);
      for (const path of [sealed, plain]) truncateSync(path, 1000);
      for (const key of ["plain", "sealed"]) {
        const cut = await s3.send("GET", `/damage/${key}`);
        expect([cut.status, cut.code]).toEqual([500, "InternalError"]);
      }
      for (const path of [sealed, plain]) rmSync(path);
      for (const key of ["plain", "sealed"]) {
        const missing = await s3.send("GET", `/damage/${key}`);
        expect([missing.status, missing.code]).toEqual([500, "InternalError"]);
        const copied = await s3.send("PUT", "/damage/copy", { headers: { "x-amz-copy-source": `/damage/${key}` } });
        expect([copied.status, copied.code]).toEqual([500, "InternalError"]);
        // It can still be deleted and written again.
        expect((await s3.send("DELETE", `/damage/${key}`)).status).toBe(204);
        expect((await s3.send("PUT", `/damage/${key}`, { body: BODY })).status).toBe(200);
      }
      expect((await s3.send("GET", "/damage/copy")).status).toBe(404);
    } finally {
      await running.stop();
      putBack();
    }
  }, 30_000);
});
