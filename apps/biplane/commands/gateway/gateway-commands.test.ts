/** The commands about gateways, as processes that a user starts. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { wat } from "#foundation/wasm/testing";
import { PROGRAM } from "../../../../tests/support/cloud.ts";
import { until } from "../../../../tests/support/until.ts";

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "biplane-gateway-commands-"));
  expect((await run("init", "shop")).code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return runWith({}, ...args);
}

async function runWith(environment: Record<string, string>, ...args: readonly string[]) {
  const child = Bun.spawn([...PROGRAM, "gateway", ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, NO_COLOR: "1", ...environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, stdout, stderr };
}

const SPEC = "shop/specs";

describe("init, validate, compile, inspect, verify, diff", () => {
  test("what init has written can be served, and is left alone by another init", async () => {
    expect(await run("validate", SPEC)).toMatchObject({ code: 0, stdout: "1 description can be served\n" });
    expect((await run("init", "shop")).code).toBe(2);
  });

  test("what is compiled can be looked into, and is signed when there is a key", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    writeFileSync(join(folder, "key.pem"), privateKey.export({ format: "pem", type: "pkcs8" }));
    writeFileSync(join(folder, "key.pub"), publicKey.export({ format: "pem", type: "spki" }));
    const compiled = await runWith(
      { BIPLANE_SIGNING_KEY: "key.pem" },
      "compile",
      SPEC,
      "-o",
      "shop.bca",
      "--provenance-commit",
      "abc",
    );
    expect(compiled.code).toBe(0);
    const { operations, provenance } = JSON.parse((await run("inspect", "shop.bca", "--json")).stdout);
    expect(operations).toHaveLength(3);
    expect(operations[0]).toMatchObject({
      method: "GET",
      path: "/products",
      chain: ["correlation-id", "rate-limit", "mock"],
    });
    expect(provenance.commit).toBe("abc");
    expect((await run("verify", "shop.bca", "--trusted-key", "key.pub")).code).toBe(0);
    expect((await run("compile", SPEC, "-o", "unsigned.bca")).code).toBe(0);
    const unsigned = await run("verify", "unsigned.bca", "--trusted-key", "key.pub");
    expect([unsigned.code, unsigned.stdout]).toEqual([1, expect.stringContaining("not in order")]);
  });

  test("a plugin that is brought along is compiled in, and what it may do is shown", async () => {
    const module = wat(`(module (import "biplane_1" "log" (func (param i32 i32 i32))) (memory (export "memory") 1)
      (func (export "on_request") (result i32) i32.const 0))`);
    mkdirSync(join(folder, "own/plugins"), { recursive: true });
    writeFileSync(join(folder, "own/plugins/teller.wasm"), module);
    writeFileSync(
      join(folder, "own/plugins/teller.plugin.yaml"),
      "name: teller\nversion: 1.0.0\nkind: middleware\ncapabilities: [log]\n",
    );
    writeFileSync(
      join(folder, "own/api.yaml"),
      `openapi: 3.1.0
info: {title: Own, version: "1"}
x-biplane-plugins: {teller: plugins/teller.wasm}
x-biplane-middlewares: [{name: teller}]
paths: {/a: {get: {x-biplane-dispatch: {name: mock}, responses: {"200": {description: ok}}}}}
`,
    );
    expect(await run("compile", "own/api.yaml", "-o", "own.bca")).toMatchObject({ code: 0, stderr: "" });
    const { stdout } = await run("inspect", "own.bca");
    expect(stdout).toContain("teller 1.0.0  middleware, a module");
    expect(stdout).toContain("  may           log\n");
    expect(JSON.parse((await run("inspect", "own.bca", "--json")).stdout).modules).toMatchObject([{ name: "teller" }]);
  });

  test("what callers would notice ends diff with 1", async () => {
    const text = readFileSync(join(folder, SPEC, "api.yaml"), "utf8");
    writeFileSync(
      join(folder, "next.yaml"),
      text.replace(
        "        - name: limit\n          in: query",
        "        - name: limit\n          required: true\n          in: query",
      ),
    );
    await run("compile", SPEC, "-o", "old.bca");
    await run("compile", "next.yaml", "-o", "next.bca");
    expect(await run("diff", "old.bca", "next.bca")).toMatchObject({
      code: 1,
      stdout: 'breaking    GET /products needs the query parameter "limit" now\n',
    });
    expect((await run("diff", "old.bca", "old.bca")).code).toBe(0);
  });
});

describe("what is wrong", () => {
  test("is told with its line and what to do, in every format, and nothing is written", async () => {
    const text = readFileSync(join(folder, SPEC, "api.yaml"), "utf8");
    writeFileSync(join(folder, "wrong.yaml"), text.replace("rate-limit", "rate-limt"));
    const told = await run("validate", "wrong.yaml");
    expect(told.code).toBe(1);
    expect(told.stdout).toContain("wrong.yaml:9:5  error E1021");
    expect(told.stdout).toContain("9 |   - name: rate-limt");
    expect(told.stdout).toContain("Did you mean rate-limit?");
    const json = JSON.parse((await run("validate", "wrong.yaml", "--json")).stdout);
    expect(json).toMatchObject({ valid: false, diagnostics: [{ code: "E1021", line: 9, column: 5 }] });
    const sarif = JSON.parse((await run("validate", "wrong.yaml", "--format", "sarif")).stdout);
    expect(sarif.runs[0].results[0].locations[0].physicalLocation.region).toEqual({ startLine: 9, startColumn: 5 });
    const compiled = await run("compile", "wrong.yaml", "-o", "wrong.bca");
    expect(compiled.code).toBe(1);
    expect(await Bun.file(join(folder, "wrong.bca")).exists()).toBe(false);
  });

  test("is a usage error when it is about the command line", async () => {
    for (const args of [
      ["validate", "none.yaml"],
      ["compile", SPEC],
      ["explain", "E9999"],
      ["serve"],
      ["validate", SPEC, "--upstream", "x"],
    ]) {
      expect((await run(...args)).code, args.join(" ")).toBe(2);
    }
  });
});

test("dev serves what is edited, and goes on with what it had when that is wrong", async () => {
  const spec = join(folder, "dev.yaml");
  const text = (body: string): string => `openapi: 3.1.0
info: {title: Dev, version: "1"}
paths:
  /a:
    get:
      x-biplane-dispatch: {name: mock, config: {body: "${body}", content_type: text/plain}}
      responses: {"200": {description: ok}}
`;
  writeFileSync(spec, text("one"));
  const child = Bun.spawn([...PROGRAM, "gateway", "dev", "dev.yaml", "--listen", "127.0.0.1:0"], {
    cwd: folder,
    env: { PATH: process.env.PATH, NO_COLOR: "1" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  let output = "";
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of child.stdout) output += decoder.decode(bytes, { stream: true });
  })();
  try {
    await until("it serves", () => output.includes("http://127.0.0.1:"));
    const url = `${/http:\/\/\S+/.exec(output)![0]}/a`;
    const body = async (): Promise<string> => (await fetch(url)).text();
    expect(await body()).toBe("one");
    writeFileSync(spec, text("two").replace("mock", "mok"));
    await until("the mistake is told", () => output.includes("There is no dispatcher"));
    expect(await body()).toBe("one");
    writeFileSync(spec, text("three"));
    await until("the right one is served", async () => (await body()) === "three");
    child.kill("SIGINT");
    expect(await child.exited).toBe(0);
  } finally {
    child.kill("SIGKILL");
    await reading;
  }
}, 30_000);
