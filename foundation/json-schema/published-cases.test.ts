/** JSON-Schema-Test-Suite, draft 2020-12. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createValidator, SchemaResources, type Validator } from "./index.ts";

const vectors = process.env.BIPLANE_VECTORS;

interface Group {
  readonly description: string;
  readonly schema: unknown;
  readonly tests: readonly { readonly description: string; readonly data: unknown; readonly valid: boolean }[];
}

const ROOT = join(vectors ?? "", "json-schema");

function remotes(): SchemaResources {
  const resources = new SchemaResources();
  const folder = join(ROOT, "remotes");
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    if (!name.endsWith(".json") || (name.startsWith("draft") && !name.startsWith("draft2020-12"))) continue;
    resources.add(
      `http://localhost:1234/${name.replaceAll("\\", "/")}`,
      JSON.parse(readFileSync(join(folder, name), "utf8")),
    );
  }
  return resources;
}

function run(file: string, assertFormat: boolean): { passed: number; failed: string[] } {
  const groups = JSON.parse(readFileSync(file, "utf8")) as readonly Group[];
  let passed = 0;
  const failed: string[] = [];
  for (const { description, schema, tests } of groups) {
    let validator: Validator | undefined;
    let problem = "";
    try {
      validator = createValidator(schema, { resources: remotes(), assertFormat });
    } catch (error) {
      problem = String(error);
    }
    for (const one of tests) {
      const fits = validator?.fits(one.data);
      const errors = validator?.errors(one.data).length;
      if (fits === one.valid && (errors === 0) === one.valid) passed++;
      else failed.push(`${description} | ${one.description}${problem === "" ? "" : ` | ${problem.slice(0, 200)}`}`);
    }
  }
  return { passed, failed };
}

const required =
  vectors === undefined ? [] : readdirSync(join(ROOT, "draft2020-12")).filter((name) => name.endsWith(".json"));

describe("required", () => {
  test.each(required)("%s", (name) => {
    const { failed } = run(join(ROOT, "draft2020-12", name), false);
    expect(failed).toEqual([]);
  });
});
