import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { openGatewayArtifact } from "#foundation/gateway-artifact";
import { wat } from "#foundation/wasm/testing";
import { type CompileOptions, compileGateway } from "./compile-gateway.ts";
import { diffPlans } from "./diff-plans.ts";

const MODULE = wat(`(module (import "biplane_1" "request_header_set" (func (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (func (export "on_request") (result i32) i32.const 0))`);

const MANIFEST = `name: stamp
version: 1.2.0
kind: middleware
capabilities: [change-request]
config:
  type: object
  additionalProperties: false
  required: [text]
  properties:
    text: {type: string, maxLength: 10}
    times: {type: integer, default: 1}
    server: {type: string}
urls: [server]
`;

const description = (plugins: string, use: string): string => `openapi: 3.1.0
info: {title: Pets, version: "1"}
${plugins}
paths:
  /pets:
    get:
      x-biplane-middlewares: [${use}]
      x-biplane-dispatch: {name: mock}
      responses: {"200": {description: ok}}
`;

const PLUGINS = "x-biplane-plugins: {stamp: ./plugins/stamp.wasm}";
const USE = "{name: stamp, config: {text: hello}}";

function compile(files: Readonly<Record<string, string | Uint8Array>>, options: Partial<CompileOptions> = {}) {
  const all: Readonly<Record<string, string | Uint8Array>> = {
    "api/plugins/stamp.wasm": MODULE,
    "api/plugins/stamp.plugin.yaml": MANIFEST,
    ...files,
  };
  return compileGateway({
    files: ["api/api.yaml"],
    read: (path) => all[path],
    provenance: { compiler: "test" },
    ...options,
  });
}

const problems = (made: ReturnType<typeof compile>) =>
  made.diagnostics.map(({ code, file, line, message }) => `${code} ${file}:${line} ${message}`);

describe("a plugin that is brought along", () => {
  test.each(["x-biplane-plugins", "x-barbacane-plugins"])("is in the artifact, with %s", (extension) => {
    const plugins = `${extension}: {stamp: {path: plugins/stamp.wasm, sha256: ${createHash("sha256").update(MODULE).digest("hex")}}}`;
    const made = compile({ "api/api.yaml": description(plugins, USE) });
    expect(problems(made)).toEqual([]);
    expect(made.files).toEqual(["api/api.yaml", "api/plugins/stamp.wasm", "api/plugins/stamp.plugin.yaml"]);
    const { plan, modules, specs } = openGatewayArtifact(made.artifact!.bytes);
    expect(modules?.get("stamp")).toEqual(Buffer.from(MODULE));
    expect([...specs.keys()]).toEqual(["api/api.yaml"]);
    expect(plan.modules).toMatchObject([
      {
        name: "stamp",
        version: "1.2.0",
        phase: "transformation",
        capabilities: ["change-request"],
        limits: { memory_mib: 16, instructions: 10_000_000, wait_ms: 5000 },
        state: "reset",
        sha256: createHash("sha256").update(MODULE).digest("hex"),
      },
    ]);
    expect(plan.plugins[plan.operations[0]!.middlewares[0]!]).toEqual({
      kind: "middleware",
      name: "stamp",
      config: { text: "hello", times: 1 },
    });
  });

  test("gives the same bytes each time, and others for another module", () => {
    const digest = (module: Uint8Array) =>
      compile({ "api/api.yaml": description(PLUGINS, USE), "api/plugins/stamp.wasm": module }).artifact!.digest;
    expect(digest(MODULE)).toBe(digest(Uint8Array.from(MODULE)));
    // A custom section changes nothing but the bytes.
    expect(digest(Uint8Array.from([...MODULE, 0, 2, 1, 0x78]))).not.toBe(digest(MODULE));
  });

  test("that is another one is told by diff", () => {
    const plan = (module: Uint8Array) =>
      compile({ "api/api.yaml": description(PLUGINS, USE), "api/plugins/stamp.wasm": module }).plan!;
    const other = Uint8Array.from([...MODULE, 0, 2, 1, 0x78]);
    expect(diffPlans(plan(MODULE), plan(MODULE))).toEqual([]);
    expect(diffPlans(plan(MODULE), plan(other))).toEqual([
      { kind: "unclear", operation: "GET /pets", message: "GET /pets uses another module for stamp" },
    ]);
  });

  test("is left out when nothing uses it, and judged all the same", () => {
    const made = compile({ "api/api.yaml": description(PLUGINS, "") });
    const { plan, modules } = openGatewayArtifact(made.artifact!.bytes);
    expect([plan.modules, modules?.size]).toEqual([undefined, 0]);
    expect(problems(compile({ "api/api.yaml": description(PLUGINS, ""), "api/plugins/stamp.wasm": "x" }))).toHaveLength(
      1,
    );
  });

  test("is the one of the version that is asked for", () => {
    const made = (version: string) =>
      problems(compile({ "api/api.yaml": description(PLUGINS, `{name: stamp@${version}, config: {text: hello}}`) }));
    expect(made("1.2.0")).toEqual([]);
    expect(made("1.3.0")).toEqual(["E1022 api/api.yaml:7 stamp is there in the version 1.2.0, and not in 1.3.0."]);
  });
});

test("what uses a plugin that is not in order is not told that there is none", () => {
  const made = compile({ "api/api.yaml": description(PLUGINS, USE), "api/plugins/stamp.plugin.yaml": "name: stamp" });
  expect(made.diagnostics.map(({ code }) => code)).toEqual(["E1026", "E1026"]);
});

describe("what is wrong is told", () => {
  test.each([
    ["configuration", USE.replace("hello", "far too long"), "E1023"],
    ["missing member", "{name: stamp}", "E1023"],
    ["plain address", "{name: stamp, config: {text: a, server: 'http://a.test'}}", "E1031"],
    ["use as a dispatcher", `${USE}]\n      x-unused: [`, undefined],
    ["unknown plugin", "{name: stump}", "E1021"],
  ])("of a use: %s", (_, use, code) => {
    const found = compile({ "api/api.yaml": description(PLUGINS, use) }).diagnostics;
    expect(found.map((one) => one.code)).toEqual(code === undefined ? [] : [code as never]);
  });

  test.each([
    ["x-biplane-plugins: [stamp]", /^E1025 .*:3 Plugins are an object/],
    ["x-biplane-plugins: {Stamp: a.wasm}", /^E1025 .* is no name of a plugin/],
    ["x-biplane-plugins: {stamp: {sha256: 00}}", /^E1025 .* needs the path/],
    ["x-biplane-plugins: {stamp: {path: plugins/stamp.wasm, sha: x}}", /^E1025 .* There is no .?sha/],
    ["x-biplane-plugins: {stamp: {path: plugins/stamp.wasm, sha256: abc}}", /^E1025 .* 64 hexadecimal digits/],
    ["x-biplane-plugins: {stamp: ../../stamp.wasm}", /^E1025 .* leads out of the folder/],
    ["x-biplane-plugins: {stamp: /etc/stamp.wasm}", /^E1025 .* absolute path/],
    ["x-biplane-plugins: {stamp: https://a.test/stamp.wasm}", /^E1025 .* not the path/],
    ["x-biplane-plugins: {stamp: plugins/stamp.js}", /^E1025 .* not the path of a .wasm file/],
    ["x-biplane-plugins: {stamp: plugins/stump.wasm}", /^E1000 .* There is no file api\/plugins\/stump.wasm/],
    ["x-biplane-plugins: {cors: plugins/stamp.wasm}", /^E1025 .* gateways bring/],
    [`x-biplane-plugins: {stamp: {path: plugins/stamp.wasm, sha256: ${"ab".repeat(32)}}}`, /^E1027 .* its digest is/],
  ])("of a declaration: %s", (plugins, message) => {
    expect(problems(compile({ "api/api.yaml": description(plugins, USE) }))).toContainEqual(
      expect.stringMatching(message),
    );
  });

  test.each([
    ["no manifest", undefined, /^E1026 api\/api.yaml:3 There is no api\/plugins\/stamp.plugin.yaml/],
    ["no YAML", "name: [", /^E1002 api\/plugins\/stamp.plugin.yaml:1 /],
    ["unknown capability", MANIFEST.replace("change-request", "everything"), /^E1026 .*yaml:4 capabilities\/0 /],
    ["unknown member", `${MANIFEST}\nmemory: 5\n`, /^E1026 .*must not have the member/],
    [
      "another name",
      MANIFEST.replace("stamp", "stump"),
      /^E1026 .*yaml:1 It is declared as stamp, and calls itself stump/,
    ],
    ["too much memory", `${MANIFEST}limits: {memory_mib: 1000}\n`, /^E1026 .* limits\/memory_mib /],
    [
      "a schema that is none",
      MANIFEST.replace("maxLength: 10", "maxLength: ten"),
      /^E1026 .*yaml:10 .*schema of its configuration/,
    ],
    [
      "a pattern that hangs",
      MANIFEST.replace("maxLength: 10", 'pattern: "(a+)+\\\\1$"'),
      /^E1026 .*schema of its configuration/,
    ],
    ["a server that is no server", `${MANIFEST}hosts: ["https://a.test/path"]\n`, /^E1026 .* hosts\/0 /],
    [
      "a server without the capability",
      `${MANIFEST}hosts: ["https://a.test"]\n`,
      /^E1027 .* the capability http is not/,
    ],
    [
      "a capability that is not declared",
      MANIFEST.replace("change-request", "log"),
      /^E1027 .*imports request_header_set, and does not declare the capability change-request/,
    ],
  ])("of a manifest: %s", (_, manifest, message) => {
    const files = { "api/api.yaml": description(PLUGINS, USE), "api/plugins/stamp.plugin.yaml": manifest as string };
    expect(problems(compile(files))).toContainEqual(expect.stringMatching(message));
  });

  test.each([
    ["is none", Buffer.from("MZ"), /is no WebAssembly module/],
    ["breaks off", MODULE.subarray(0, 40), /The module is refused: it breaks off/],
    [
      "has exceptions",
      wat(`(module (tag) (memory (export "memory") 1) (func (export "on_request") (result i32) throw 0))`),
      /not supported/,
    ],
    [
      "begins with too much memory",
      wat(`(module (memory (export "memory") 300) (func (export "on_request") (result i32) i32.const 0))`),
      /may have 16384 KiB/,
    ],
  ])("of a module that %s", (_, module, message) => {
    const files = { "api/api.yaml": description(PLUGINS, USE), "api/plugins/stamp.wasm": module };
    expect(problems(compile(files))).toContainEqual(expect.stringMatching(/^E1027 /));
    expect(problems(compile(files)).join("\n")).toMatch(message);
  });

  test("of two documents that mean different modules by one name", () => {
    const other = description("x-biplane-plugins: {stamp: ./other.wasm}", USE).replace("/pets", "/cats");
    const files = {
      "api/api.yaml": description(PLUGINS, USE),
      "api/b.yaml": other,
      "api/other.wasm": MODULE,
      "api/other.plugin.json": JSON.stringify({ name: "stamp", version: "1.0.0", kind: "middleware" }),
    };
    const found = problems(compile(files, { files: ["api/api.yaml", "api/b.yaml"] }));
    expect(found).toEqual(["E1025 api/b.yaml:3 stamp is declared as another module in api/api.yaml."]);
  });

  test("of an extension in a place where it has no effect", () => {
    const text = description(PLUGINS, USE).replace("    get:\n", "    get:\n      x-biplane-plugins: {}\n");
    expect(problems(compile({ "api/api.yaml": text }))).toContainEqual(expect.stringMatching(/^E1016 /));
  });
});
