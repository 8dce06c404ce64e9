/** JSON-Schema-Test-Suite, draft 2020-12. */
import { expect } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { skipUnless } from "../../tests/support/skips.ts";
import { createValidator, InvalidSchema, SchemaResources, type Validator } from "./index.ts";

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
    if (!name.endsWith(".json")) continue;
    resources.add(
      `http://localhost:1234/${name.replaceAll("\\", "/")}`,
      JSON.parse(readFileSync(join(folder, name), "utf8")),
    );
  }
  return resources;
}

/** How many cases are decided as they should be, by both texts, and the names of the others. */
function run(file: string, assertFormat: boolean): { readonly passed: number; readonly failed: readonly string[] } {
  const groups = JSON.parse(readFileSync(file, "utf8")) as readonly Group[];
  let passed = 0;
  const failed: string[] = [];
  for (const { description, schema, tests } of groups) {
    let validator: Validator | undefined;
    let problem = "";
    try {
      validator = createValidator(schema, { resources: remotes(), assertFormat });
    } catch (error) {
      if (!(error instanceof InvalidSchema)) throw error;
      problem = ` | ${error.problems[0]?.message}`;
    }
    for (const one of tests) {
      const fits = validator?.fits(one.data);
      const errors = validator?.errors(one.data).length;
      if (fits === one.valid && (errors === 0) === one.valid) passed++;
      else failed.push(`${description} | ${one.description}${problem}`);
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

const OLD_KEYWORD = "`dependencies` is a keyword of older drafts, and none of 2020-12: it means nothing";

/** Of the optional part: the cases that are not followed, and why. */
const NOT_FOLLOWED: Readonly<Record<string, { readonly why: string; readonly cases: readonly string[] }>> = {
  "dependencies-compatibility.json": {
    why: OLD_KEYWORD,
    cases: [
      "single dependency | missing dependency",
      "multiple dependents required | missing dependency",
      "multiple dependents required | missing other dependency",
      "multiple dependents required | missing both dependencies",
      "dependencies with escaped characters | CRLF missing dependent",
      "dependencies with escaped characters | quoted quotes missing dependent",
      "single schema dependency | wrong type",
      "single schema dependency | wrong type other",
      "single schema dependency | wrong type both",
      "boolean subschemas | object with property having schema false is invalid",
      "boolean subschemas | object with both properties is invalid",
      "schema dependencies with escaped characters | quoted quote",
      "schema dependencies with escaped characters | quoted tab invalid under dependent schema",
      "schema dependencies with escaped characters | quoted quote invalid under dependent schema",
    ],
  },
  "cross-draft.json": {
    why: "older drafts are refused, and not read as something else",
    cases: [
      'refs to historic drafts are processed as historic drafts | first item not a string is valid | The dialect "https://json-schema.org/draft/2019-09/schema" is not known here.',
    ],
  },
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
  let cases = 0;
  for (const name of filesIn(folder)) {
    const { passed, failed } = run(join(ROOT, folder, name), name.startsWith("format"));
    expect([name, failed]).toEqual([name, NOT_FOLLOWED[name]?.cases ?? []]);
    cases += passed;
  }
  expect(cases).toBe(926 - 15);
});
