/** Plugins of others, from a description to requests: the example of `docs/gateway-plugins.md`, and modules that mean harm. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compileGateway } from "#control-plane/gateways";
import { type Gateway, startGateway } from "#data-plane/gateway";
import {
  GUEST_FUNCTIONS,
  HOST_FUNCTIONS,
  MODULE_CAPABILITIES,
  MODULE_MANIFEST_SCHEMA,
  openGatewayArtifact,
  sealGatewayArtifact,
} from "#foundation/gateway-artifact";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { createMetrics, silentLogger } from "#foundation/telemetry";
import { wat } from "#foundation/wasm/testing";

const PAGE = readFileSync(join(import.meta.dir, "../../docs/gateway-plugins.md"), "utf8");
const [example = ""] = /```wat\n([\s\S]*?)```/.exec(PAGE)?.slice(1) ?? [];
const [manifest = "", description = ""] = [...PAGE.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text!);

let upstream: ReturnType<typeof Bun.serve>;
const open: Gateway[] = [];
beforeAll(() => {
  upstream = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => new Response(`stamped by ${request.headers.get("x-stamped-by")}`),
  });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((gateway) => gateway.close(0)));
});
afterAll(() => upstream.stop(true));

function artifact(module: Uint8Array, text = description, about = manifest): Uint8Array {
  const files: Readonly<Record<string, string | Uint8Array>> = {
    "specs/api.yaml": text.replace("https://things.internal", upstream.url.origin),
    "specs/plugins/stamp.wasm": module,
    "specs/plugins/stamp.plugin.yaml": about,
  };
  const made = compileGateway({
    files: ["specs/api.yaml"],
    read: (path) => files[path],
    allowPlaintext: true,
    provenance: { compiler: "test" },
  });
  if (made.artifact === undefined) throw new Error(JSON.stringify(made.diagnostics));
  return made.artifact.bytes;
}

async function start(bytes: Uint8Array) {
  const metrics = createMetrics();
  const gateway = await startGateway(bytes, {
    port: 0,
    hostname: "127.0.0.1",
    secrets: { environment: {} },
    log: silentLogger,
    metrics,
    runtime: { clock: systemClock, timers: systemTimers, random: systemRandom },
  });
  open.push(gateway);
  return { gateway, metrics, get: (path: string) => fetch(`http://127.0.0.1:${gateway.port}${path}`) };
}

describe("docs/gateway-plugins.md", () => {
  test("its example does what it says", async () => {
    const { get } = await start(artifact(wat(example)));
    expect(await (await get("/things")).text()).toBe("stamped by ann");
  });

  const section = (title: string): readonly string[] => {
    const [, text = ""] = PAGE.split(`## ${title}\n`);
    return [...text.split("\n## ")[0]!.matchAll(/^\| `.*$/gm)].map(([row]) => row);
  };
  const names = (text = ""): readonly string[] =>
    [...text.matchAll(/`([\w-]+)(?:\([^`]*\))?`/g)].map(([, name]) => name!);

  test("it has every member of manifests, and what modules export", () => {
    const first = (row: string): string | undefined => row.split("|")[1];
    expect(
      section("The manifest")
        .flatMap((row) => names(first(row)))
        .sort(),
    ).toEqual(Object.keys(MODULE_MANIFEST_SCHEMA.properties).sort());
    expect(
      section("What a module exports")
        .flatMap((row) => names(first(row)))
        .sort(),
    ).toEqual(Object.keys(GUEST_FUNCTIONS).sort());
  });

  test("it has every function of the gateway, with its capability, and no other", () => {
    const written = section("Functions of the gateway").flatMap((row) => {
      const [, called, given] = row.split("|");
      return names(called).map((name) => `${name} ${names(given)[0] ?? "everybody"}`);
    });
    const real = Object.entries(HOST_FUNCTIONS).map(([name, { capability }]) => `${name} ${capability ?? "everybody"}`);
    expect(written.sort()).toEqual(real.sort());
    expect(Object.keys(MODULE_CAPABILITIES).filter((one) => !written.some((row) => row.endsWith(` ${one}`)))).toEqual(
      [],
    );
  });
});

describe("a module that means harm", () => {
  const LOOPING = wat(`(module (import "biplane_1" "request_get" (func $get (param i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "on_request") (result i32)
      (drop (call $get (i32.const 2) (i32.const 0) (i32.const 64)))
      (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 98)) (then (loop br 0)))
      i32.const 0))`);
  const about = manifest.replace("change-request", "read-request");

  test("takes one request with it, and no other", async () => {
    const { get, metrics } = await start(artifact(LOOPING, description, about));
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => get(index % 4 === 0 ? "/things?bad" : "/things")),
    );
    expect(answers.map(({ status }) => status)).toEqual(
      Array.from({ length: 40 }, (_, index) => (index % 4 === 0 ? 500 : 200)),
    );
    const failed = answers[0]!;
    expect(failed.headers.get("content-type")).toBe("application/problem+json");
    // Who called is not told what a plugin does.
    expect(await failed.text()).not.toContain("stamp");
    expect(metrics.expose()).toContain('biplane_gateway_plugin_calls_total{plugin="stamp",outcome="instructions"} 10');
    expect(metrics.expose()).toContain('biplane_gateway_plugin_calls_total{plugin="stamp",outcome="ok"} 30');
  });

  test("is not used, and what was used before is, when it cannot be set up", async () => {
    const { gateway, get } = await start(artifact(wat(example)));
    const looping = wat(`(module (memory (export "memory") 1) (func $go (loop br 0)) (start $go)
      (func (export "on_request") (result i32) i32.const 0))`);
    await expect(gateway.use(artifact(looping))).rejects.toThrow(/The plugin stamp cannot be set up: it does more/);
    expect(await (await get("/things")).text()).toBe("stamped by ann");
    const { digest, changed } = await gateway.use(artifact(wat(example), description.replace("by: ann", "by: bob")));
    expect([digest.length, changed]).toEqual([71, true]);
    expect(await (await get("/things")).text()).toBe("stamped by bob");
  });

  test("is refused when its capabilities were taken out of the plan, or the module is another one", async () => {
    const { plan, specs, modules, provenance } = openGatewayArtifact(artifact(wat(example)));
    const [planned] = plan.modules!;
    const without = { ...plan, modules: [{ ...planned!, capabilities: [] }] };
    const refused = (contents: Parameters<typeof sealGatewayArtifact>[0]) => start(sealGatewayArtifact(contents).bytes);
    await expect(refused({ plan: without, specs, modules: modules!, provenance })).rejects.toThrow(
      /imports request_header_set, and does not declare/,
    );
    const other = new Map([["stamp", LOOPING]]);
    await expect(refused({ plan, specs, modules: other, provenance })).rejects.toThrow(
      /another one than the plan says/,
    );
    await expect(refused({ plan, specs, provenance })).rejects.toThrow(/has no module for the plugin stamp/);
  });
});
