import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertDeterministicSource, findNondeterminism } from "./source-check.ts";

function found(source: string): readonly string[] {
  return findNondeterminism("x.ts", source).map((finding) => finding.found);
}

describe("findNondeterminism", () => {
  for (const source of [
    "const t = Date.now();",
    "const t = new Date();",
    "const t = Date();",
    "const t = performance.now();",
    "const r = Math.random();",
    "crypto.getRandomValues(bytes);",
    "crypto.randomUUID();",
    "setTimeout(() => {}, 1);",
    "const t = globalThis; setInterval(tick, 1);",
    "setImmediate(f);",
    "AbortSignal.timeout(5);",
    "await fetch(url);",
    "Bun.file(path);",
    "process.env.HOME;",
    "process.nextTick(f);",
    "await crypto.subtle.digest(a, b);",
    'import { readFile } from "node:fs/promises";',
    'import * as fs from "node:fs";',
    'import "node:http";',
    'export { connect } from "node:net";',
    'import { Database } from "bun:sqlite";',
    'import { createHash, randomBytes } from "node:crypto";',
    'const fs = await import("node:fs");',
    'const fs = require("node:fs");',
    'import { systemClock } from "#foundation/runtime";',
    "const t = `at ${Date.now()}`;",
  ]) {
    test(`finds ${source}`, () => expect(found(source)).toHaveLength(1));
  }

  for (const source of [
    "const t = new Date(clock.now());",
    "const date: Date = parse(text);",
    "clock.now(); random.float(); timers.setTimeout; api.fetch(x);",
    "// Date.now() would be wrong here",
    "/* setTimeout(f, 1) */",
    'const text = "Date.now() and Math.random()";',
    "const text = `Math.random()`;",
    "const pattern = /Math.random/;",
    "const half = total / 2 / Date.UTC(2026, 0, 1);",
    'import type { Socket } from "node:net";',
    'import { createHash, timingSafeEqual, type Hash } from "node:crypto";',
    'import { join } from "node:path";',
    'import { sleep } from "#foundation/runtime";',
    "const t = Date.now(); // not simulated: only printed at start-up",
  ]) {
    test(`accepts ${source}`, () => expect(found(source)).toEqual([]));
  }

  test("gives the line and a remedy", () => {
    const source = "/**\n * Date.now\n */\nconst a = 1;\nconst b = Math.random();\n";
    expect(findNondeterminism("x.ts", source)).toEqual([
      {
        file: "x.ts",
        line: 5,
        found: "Math.random",
        remedy: "real randomness cannot be repeated from a seed; use runtime.random, forked by name",
      },
    ]);
  });
});

test("assertDeterministicSource reads a folder, leaves out tests and adapters, and lists everything at once", () => {
  const folder = mkdtempSync(join(tmpdir(), "source-check-"));
  try {
    writeFileSync(join(folder, "good.ts"), "export const one = 1;\n");
    writeFileSync(join(folder, "bad.test.ts"), "setTimeout(() => {}, 1);\n");
    writeFileSync(join(folder, "adapter.ts"), "Bun.file('x');\n");
    assertDeterministicSource(folder, ["adapter.ts"]);
    writeFileSync(join(folder, "bad.ts"), "Date.now();\nMath.random();\n");
    expect(() => assertDeterministicSource(folder, ["adapter.ts"])).toThrow(
      /bad\.ts:1: Date\.now: .*\n {2}bad\.ts:2: Math\.random/,
    );
    expect(() => assertDeterministicSource(folder)).toThrow("adapter.ts:1: Bun.file");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the simulation itself holds to its own rules", () => {
  assertDeterministicSource(import.meta.dir, [
    "scheduler.ts",
    "world.ts",
    "forbidden-globals.ts",
    "run-seeds.ts",
    "source-check.ts",
  ]);
  assertDeterministicSource(join(import.meta.dir, "../ports"));
  assertDeterministicSource(join(import.meta.dir, "../virtual"));
});
