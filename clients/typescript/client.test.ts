import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cloud, type CloudEnvironment, createCloud } from "../../tests/support/cloud.ts";
import { BiplaneClient, BiplaneError } from "./src/index.ts";

let cloud: Cloud;
let environment: CloudEnvironment;
let client: BiplaneClient;
let org: string;

beforeAll(async () => {
  cloud = createCloud();
  await cloud.start("up");
  environment = await cloud.environment();
  org = environment.BIPLANE_ACCOUNT_ID!;
  client = new BiplaneClient({ url: environment.BIPLANE_API_URL!, token: environment.BIPLANE_TOKEN! });
});
afterAll(() => cloud.dispose());

const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "none",
    (error: unknown) => (error instanceof BiplaneError ? error.code : String(error)),
  );

describe("a client against a control plane", () => {
  test("makes things, and finds them as it made them", async () => {
    const app = await client.createApp({ org, body: { name: "shop", description: "sells" } });
    expect(await client.getApp({ org, app: "shop" })).toEqual(app);
    const env = await client.createEnv({ org, app: app.id, body: { name: "production" } });
    expect(await client.getEnvStatus({ org, app: "shop", env: env.id })).toMatchObject({ status: "idle" });
    expect((await client.updateApp({ org, app: "shop", body: { description: "sells more" } })).description).toBe(
      "sells more",
    );
  });

  test("hears what is wrong by its code", async () => {
    expect(await codeOf(client.getApp({ org, app: "nothing" }))).toBe("NoSuchResource");
    expect(await codeOf(client.createApp({ org, body: { name: "No Name" } }))).toBe("ValidationFailed");
    const stranger = new BiplaneClient({ url: environment.BIPLANE_API_URL!, token: "bpa_wrong" });
    expect(await codeOf(stranger.listApps({ org }))).toMatch(/UNAUTHENTICATED|UNAUTHORIZED/);
  });

  test("a change by a version that has passed is refused", async () => {
    const app = await client.createApp({ org, body: { name: "versions" } });
    const seen = app.resource_version;
    await client.updateApp({ org, app: app.id, body: { description: "one", expected_version: seen } });
    expect(
      await codeOf(client.updateApp({ org, app: app.id, body: { description: "two", expected_version: seen } })),
    ).toBe("RevisionMismatch");
  });

  test("however often a command is sent, it is done once", async () => {
    let attempts = 0;
    const broken = new BiplaneClient({
      url: environment.BIPLANE_API_URL!,
      token: environment.BIPLANE_TOKEN!,
      async fetch(url, init) {
        const answer = await fetch(url, init);
        // It was done, and the answer is lost on the way.
        if (++attempts < 3) throw new TypeError("connection reset");
        return answer;
      },
    });
    const app = await broken.createApp({ org, body: { name: "once" } });
    expect(attempts).toBe(3);
    expect((await client.getApp({ org, app: "once" })).id).toBe(app.id);
  });

  test("goes through all pages", async () => {
    await Promise.all(
      Array.from({ length: 7 }, (_, index) => client.createApp({ org, body: { name: `page-${index}` } })),
    );
    const names: string[] = [];
    for await (const { name } of client.listAllApps({ org, limit: 2 })) names.push(name);
    expect(names.filter((name) => name.startsWith("page-")).sort()).toEqual(
      Array.from({ length: 7 }, (_, index) => `page-${index}`),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  test("follows events as they happen", async () => {
    const { items } = await client.readEvents({ limit: 1000 });
    const made = client.createApp({ org, body: { name: "watched" } });
    for await (const event of client.followEvents({ after: items.at(-1)!.id })) {
      if (event.type === "app.created") break;
    }
    await made;
  });
});

describe("the package", () => {
  test("is whole by itself, and runs where there is no Bun", async () => {
    const out = mkdtempSync(join(tmpdir(), "biplane-client-"));
    try {
      const tsc = join(import.meta.dir, "../../node_modules/typescript/bin/tsc");
      const built = Bun.spawnSync(["node", tsc, "-p", import.meta.dir, "--outDir", out], { stdout: "pipe" });
      expect(built.stdout.toString()).toBe("");
      const example = /```js\n([\s\S]*?)```/.exec(readFileSync(join(import.meta.dir, "README.md"), "utf8"))![1]!;
      writeFileSync(join(out, "package.json"), '{"type":"module"}');
      writeFileSync(join(out, "example.js"), example.replace('"@biplane/client"', '"./index.js"'));
      const ran = Bun.spawnSync(["node", join(out, "example.js")], { env: { ...process.env, ...environment } });
      expect(ran.stderr.toString()).toBe("");
      expect(ran.stdout.toString()).toContain("orders is idle");
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  });
});
