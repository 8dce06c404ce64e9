import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkImports, type Declared } from "./import-rules.ts";
import { scanImports } from "./scan-imports.ts";

const ROOT = join(import.meta.dir, "../..");
const AREAS = [
  "foundation",
  "contracts",
  "control-plane",
  "data-plane",
  "apps",
  "clients",
  "tests",
  "bench",
  "scripts",
];

function readTree(): { path: string; source: string }[] {
  const files: { path: string; source: string }[] = [];
  for (const area of AREAS) {
    for (const name of new Bun.Glob(`${area}/**/*.{ts,tsx}`).scanSync({ cwd: ROOT })) {
      if (name.includes("node_modules/") || name.includes("/dist/")) continue;
      files.push({ path: name, source: readFileSync(join(ROOT, name), "utf8") });
    }
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function readDeclared(): Declared {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  return {
    dependencies: new Set(Object.keys(manifest.dependencies ?? {})),
    devDependencies: new Set(Object.keys(manifest.devDependencies ?? {})),
  };
}

test("the tree keeps the rules of the house", () => {
  const files = readTree();
  expect(files.length).toBeGreaterThan(50);
  expect(checkImports(files, readDeclared())).toEqual([]);
});

describe("the checker finds planted violations", () => {
  const doors = ["foundation/aws", "foundation/aws/sigv4", "control-plane/events", "data-plane/objects"];
  const tree = [
    ...doors.map((door) => ({ path: `${door}/index.ts`, source: "export const x = 1;" })),
    { path: "foundation/http/index.ts", source: 'export * from "./a.ts";' },
    { path: "foundation/http/a.ts", source: "" },
    { path: "contracts/index.ts", source: "export type X = 1;" },
    { path: "foundation/http/server.ts", source: "" },
    { path: "tests/support/skips.ts", source: "" },
    { path: "clients/go/src/index.ts", source: "" },
    { path: "clients/go/src/lines.ts", source: "" },
  ];
  const declared: Declared = { dependencies: new Set(["yaml", "@scope/in"]), devDependencies: new Set(["fast-check"]) };
  const check = (path: string, source: string): readonly string[] =>
    checkImports([...tree.filter((file) => file.path !== path), { path, source }], declared);

  test.each([
    [
      "a data plane that sees the control plane",
      "data-plane/objects/a.ts",
      'import { x } from "#control-plane/events";',
      "may not see control-plane",
    ],
    [
      "a type is no excuse",
      "data-plane/objects/a.ts",
      'import type { x } from "#control-plane/events";',
      "may not see control-plane",
    ],
    [
      "a re-export is an import",
      "control-plane/events/a.ts",
      'export * from "#data-plane/objects";',
      "may not see data-plane",
    ],
    [
      "so is import()",
      "control-plane/events/a.ts",
      'const a = await import("#data-plane/objects");',
      "may not see data-plane",
    ],
    [
      "so is import() in a type",
      "control-plane/events/a.ts",
      'let a: import("#data-plane/objects").X;',
      "may not see data-plane",
    ],
    [
      "so is require()",
      "control-plane/events/a.ts",
      'const a = require("#data-plane/objects");',
      "may not see data-plane",
    ],
    [
      "inside a template",
      "control-plane/events/a.ts",
      "const a = `$" + '{await import("#data-plane/objects")}`;',
      "may not see data-plane",
    ],
    [
      "over several lines",
      "foundation/http/a.ts",
      'import {\n  a, // "x"\n  type b,\n} from "#contracts";',
      "may not see contracts",
    ],
    [
      "a foundation that sees a plane",
      "foundation/http/a.ts",
      'import { x } from "#data-plane/objects";',
      "may not see data-plane",
    ],
    [
      "a room entered by the window",
      "data-plane/objects/a.ts",
      'import { x } from "#foundation/http/server.ts";',
      "there is no door",
    ],
    [
      "a relative path out of the room",
      "foundation/aws/a.ts",
      'import "../http/server.ts";',
      "may not leave foundation/aws",
    ],
    [
      "an app that enters by a path",
      "apps/biplane/a.ts",
      'import "../../foundation/http/index.ts";',
      "may not leave apps/biplane",
    ],
    [
      "test support in shipped code",
      "foundation/http/a.ts",
      'import "../../tests/support/skips.ts";',
      "may not leave foundation/http",
    ],
    ["a room that uses its own door", "foundation/http/a.ts", 'import { x } from "#foundation/http";', "inside a room"],
    ["a file that does not exist", "foundation/http/a.ts", 'import "./none.ts";', "no such file"],
    ["a client that needs Node", "clients/go/src/a.ts", 'import "node:fs";', "needs nothing but"],
    ["a client that needs a package", "clients/go/src/a.ts", 'import "yaml";', "needs nothing but"],
    [
      "a client that sees a room",
      "clients/go/src/a.ts",
      'import { x } from "#foundation/aws";',
      "may not see foundation",
    ],
    [
      "a test that goes past a client's door",
      "tests/a.test.ts",
      'import "../clients/go/src/lines.ts";',
      "may not leave",
    ],
    ["no extension", "foundation/http/a.ts", 'import "./server";', "with its extension"],
    ["a door that does not exist", "foundation/http/a.ts", 'import "#foundation/none";', "there is no door"],
    ["an unknown area", "foundation/http/a.ts", 'import "#tools/biplane";', "no such room"],
    ["an absolute path", "foundation/http/a.ts", 'import "/etc/x.ts";', "absolute"],
    ["behaviour in contracts", "contracts/a.ts", 'import { x } from "#foundation/http";', "import types only"],
    ["a built-in in contracts", "contracts/a.ts", 'import { x } from "node:fs";', "import types only"],
    ["a package nobody declared", "tests/a.ts", 'import "left-pad";', "not declared"],
    [
      "a development package in shipped code",
      "foundation/http/a.ts",
      'import fc from "fast-check";',
      "development dependency",
    ],
    ["the test runner in shipped code", "foundation/http/a.ts", 'import { test } from "bun:test";', "test runner"],
    ["a default export", "foundation/http/a.ts", "export default function a() {}", "exports a default"],
    [
      "a default export by another name",
      "foundation/http/a.ts",
      "const a = 1;\nexport { a as default };",
      "exports a default",
    ],
    ["a default export passed on", "foundation/http/a.ts", 'export { a as default } from "yaml";', "exports a default"],
    ["a file named utils", "foundation/http/utils.ts", "", "name files for what they hold"],
    ["a folder named utils", "foundation/http/utils/a.ts", "", "name files for what they hold"],
  ])("%s", (_name, path, source, expected) => {
    const found = check(path, source);
    expect(found.length).toBe(1);
    expect(found[0]).toStartWith(`${path}:`);
    expect(found[0]).toContain(expected);
  });

  test.each([
    [
      "a plane that sees foundation and contracts",
      "data-plane/objects/a.ts",
      'import "#foundation/http";\nimport "#contracts";',
    ],
    ["an inner door", "data-plane/objects/a.ts", 'import { x } from "#foundation/aws/sigv4";'],
    ["a file of the same room", "foundation/http/inner/a.ts", 'import { type X, y } from "../server.ts";'],
    [
      "an app that sees both planes",
      "apps/biplane/a.ts",
      'import "#control-plane/events";\nimport "#data-plane/objects";',
    ],
    ["test support in a unit test", "foundation/http/a.test.ts", 'import "../../tests/support/skips.ts";'],
    ["a client's door in a test", "tests/clients/a.test.ts", 'import "../../clients/go/src/index.ts";'],
    ["its own door in a unit test", "foundation/http/a.test.ts", 'import "#foundation/http";'],
    ["types in contracts", "contracts/a.ts", 'import type { x } from "#foundation/http";'],
    ["declared packages", "foundation/http/a.ts", 'import { a } from "yaml/inner";\nimport b from "@scope/in/x";'],
    ["development packages in tests", "foundation/http/a.test.ts", 'import fc from "fast-check";'],
    ["what only tests reach", "foundation/http/conformance.ts", 'import { test } from "bun:test";'],
    ["a tool's configuration", "apps/biplane/vite.config.ts", "export default {};"],
    ["what is no import", "foundation/http/a.ts", NO_IMPORTS],
  ])("and not: %s", (_name, path, source) => {
    expect(check(path, source)).toEqual([]);
  });
});

const NO_IMPORTS = `
// import "#data-plane/objects";
/* export * from "#data-plane/objects"; */
const a = 'import "#data-plane/objects"';
const b = \`import "#data-plane/objects" \${"export default 1"} from "#data-plane/objects"\`;
const c = /import "#data-plane\\/objects[/"]"/;
const d = 1 / 2; const e = "/";
const f = { import: "#data-plane/objects", export: "x", from: "y" };
f.import; import.meta.dir;
export const g = "from";
export type Shape = { readonly from: "#data-plane/objects" };
export { a, b };
`;

test("lines and kinds are reported as they are", () => {
  expect(
    scanImports(
      'import a, { type B } from "x";\n\nimport type { C } from "y";\nexport type { D } from "z";\nimport type from "t";',
    ),
  ).toEqual({
    imports: [
      { specifier: "x", line: 1, typeOnly: false },
      { specifier: "y", line: 3, typeOnly: true },
      { specifier: "z", line: 4, typeOnly: true },
      { specifier: "t", line: 5, typeOnly: false },
    ],
    defaultExports: [],
  });
});
