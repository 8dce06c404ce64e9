import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cloud, type CloudEnvironment, createCloud } from "../../support/cloud.ts";
import { skipUnless } from "../../support/skips.ts";

const ROOT = join(import.meta.dir, "../../..");
const PACKAGE = join(ROOT, "clients/typescript");
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");

let cloud: Cloud;
let environment: CloudEnvironment;
const project = mkdtempSync(join(tmpdir(), "biplane-client-"));
const installed = join(project, "node_modules/@biplane/client");
/** What the compiler said. */
let said = "";

beforeAll(async () => {
  cloud = createCloud();
  await cloud.start("up", "--port", "0");
  environment = await cloud.environment();
  mkdirSync(installed, { recursive: true });
  writeFileSync(join(installed, "package.json"), readFileSync(join(PACKAGE, "package.json")));
  const built = Bun.spawnSync([process.execPath, TSC, "-p", PACKAGE, "--outDir", join(installed, "dist")]);
  said = built.stdout.toString();
}, 120_000);
afterAll(async () => {
  await cloud.dispose();
  rmSync(project, { recursive: true, force: true });
});

/** The examples of a document, in order. */
const examplesOf = (document: string): readonly string[] =>
  Array.from(readFileSync(join(ROOT, document), "utf8").matchAll(/```js\n([\s\S]*?)```/g), ([, text]) => text!);

const README = examplesOf("clients/typescript/README.md");
const DOCS = examplesOf("docs/clients.md").filter((text) => text.includes("@biplane/client"));

function run(program: string, text: string): { readonly stdout: string; readonly stderr: string } {
  const file = join(project, "example.mjs");
  writeFileSync(file, text);
  const { stdout, stderr } = Bun.spawnSync([program, file], { env: { ...process.env, ...environment } });
  return { stdout: stdout.toString(), stderr: stderr.toString() };
}

describe("the package", () => {
  test("is whole by itself: no types but those of the platform, no dependencies", () => {
    expect(said).toBe("");
    const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8"));
    expect({ dependencies, peerDependencies }).toEqual({ dependencies: undefined, peerDependencies: undefined });
    for (const file of readdirSync(join(installed, "dist")).filter((name) => name.endsWith(".js"))) {
      const text = readFileSync(join(installed, "dist", file), "utf8");
      for (const [, from] of text.matchAll(/^(?:import|export)[^;]*from "(.+)"/gm)) expect(from).toMatch(/^\.\//);
    }
  });

  test("types programs that use it, strictly", () => {
    writeFileSync(
      join(project, "typed.ts"),
      `import { type App, BiplaneClient } from "@biplane/client";
const client = new BiplaneClient({ url: "http://control.test" });
export async function names(org: string): Promise<string[]> {
  const apps: App[] = [];
  for await (const app of client.apps.listAll({ org })) apps.push(app);
  // @ts-expect-error what there is not
  apps[0]?.colour;
  // @ts-expect-error the org is missing
  await client.apps.list({});
  // @ts-expect-error the name is a text
  await client.apps.create({ org, body: { name: 1 } });
  return apps.map(({ name }) => name);
}
`,
    );
    const compilerOptions = { strict: true, noEmit: true, target: "es2022", module: "nodenext", types: [] };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["typed.ts"] }));
    const checked = Bun.spawnSync([process.execPath, TSC, "-p", project]);
    expect(checked.stdout.toString()).toBe("");
  }, 60_000);

  test("there are examples", () => {
    expect([README.length, DOCS.length]).toEqual([1, 1]);
  });

  test("the examples run under Bun", () => {
    for (const text of [...README, ...DOCS]) expect(run(process.execPath, text).stderr).toBe("");
  });

  const nodeTest = skipUnless(Bun.which("node") !== null, "Node is not installed");
  nodeTest("the examples run under Node", () => {
    for (const text of [...README, ...DOCS]) expect(run("node", text).stderr).toBe("");
    expect(run("node", README[0]!).stdout).toContain("orders is idle");
  });
});
