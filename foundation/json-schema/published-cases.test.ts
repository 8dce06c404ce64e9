/** JSON-Schema-Test-Suite, draft 2020-12. */
import { expect } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { skipUnless } from "../../tests/support/skips.ts";
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

interface Failed {
  readonly name: string;
  readonly valid: boolean;
}

function run(file: string, assertFormat: boolean): { readonly passed: number; readonly failed: readonly Failed[] } {
  const groups = JSON.parse(readFileSync(file, "utf8")) as readonly Group[];
  let passed = 0;
  const failed: Failed[] = [];
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
      else
        failed.push({
          valid: one.valid,
          name: `${description} | ${one.description}${problem === "" ? "" : ` | ${problem.slice(0, 200)}`}`,
        });
    }
  }
  return { passed, failed };
}

const filesIn = (folder: string): readonly string[] =>
  vectors === undefined
    ? []
    : readdirSync(join(ROOT, folder), { recursive: true })
        .map(String)
        .filter((name) => name.endsWith(".json") && !name.startsWith("optional"));

/** Of the optional part: what is not followed, and why. */
const NOT_FOLLOWED: Readonly<Record<string, string>> = {
  "dependencies-compatibility.json": "`dependencies` is a keyword of older drafts, and none of 2020-12",
  "cross-draft.json": "older drafts are not read",
};
/** Here more is let through than should be, and nothing is refused that is right. */
const LAXER: Readonly<Record<string, string>> = {
  "format/hostname.json":
    "labels in punycode are not decoded: which characters they may stand for (RFC 5892) is not looked at",
  "format/idn-hostname.json": "the rules of RFC 5892 about single characters beside others are not looked at",
};

const publishedTest = skipUnless(vectors !== undefined, "set BIPLANE_VECTORS to the folder of published test vectors");

publishedTest("the required part, whole", () => {
  let cases = 0;
  for (const name of filesIn("draft2020-12")) {
    const { passed, failed } = run(join(ROOT, "draft2020-12", name), false);
    expect([name, failed]).toEqual([name, []]);
    cases += passed;
  }
  expect(cases).toBe(1_299);
});

publishedTest("the optional part, but for what is named", () => {
  const folder = join("draft2020-12", "optional");
  for (const name of filesIn(folder)) {
    if (NOT_FOLLOWED[name] !== undefined) continue;
    const { failed } = run(join(ROOT, folder, name), name.startsWith("format"));
    const unexpected = LAXER[name] === undefined ? failed : failed.filter(({ valid }) => valid);
    expect([name, unexpected]).toEqual([name, []]);
  }
});
