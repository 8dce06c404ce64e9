/** The manifest commands as a user meets them. No cloud runs. */
import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROGRAM } from "../../../../tests/support/cloud.ts";

const ROOT = join(import.meta.dir, "../../../..");
const directory = mkdtempSync(join(tmpdir(), "biplane-manifest-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const TIDY = `# A shop.
schema_version = "v1"

[app]
name = "shop"

[processes.web]
command = ["./web"]

[processes.web.resources]
memory = "256Mi"
`;
const UNTIDY = TIDY.replace('[app]\nname = "shop"', 'app.name="shop"');

function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

async function run(args: readonly string[], options: { readonly cwd?: string; readonly stdin?: string } = {}) {
  const child = Bun.spawn([...PROGRAM, "manifest", ...args], {
    cwd: options.cwd ?? directory,
    env: { PATH: process.env.PATH ?? "", HOME: directory },
    stdin: new Blob([options.stdin ?? ""]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, out, err };
}

describe("biplane manifest validate", () => {
  test("says that the example is valid, found by its directory", async () => {
    const { code, out, err } = await run(["validate", join(ROOT, "examples/hello")]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(
      /examples\/hello\/biplane\.toml is valid: hello with web \(1 × 128Mi\)\nsha256:[0-9a-f]{64}\n$/,
    );
  });

  test("takes biplane.toml of this directory, a file, or standard input", async () => {
    const path = file("biplane.toml", TIDY);
    const all = await Promise.all([
      run(["validate", "--json"]),
      run(["validate", "--json", path]),
      run(["validate", "--json", "-"], { stdin: TIDY }),
    ]);
    const answers = all.map(({ out }) => JSON.parse(out) as Readonly<Record<string, unknown>>);
    expect(answers.map((answer) => answer.file)).toEqual(["biplane.toml", path, "standard input"]);
    expect(new Set(answers.map(({ hash }) => hash)).size).toBe(1);
    expect(answers[0]).toMatchObject({ valid: true, manifest: { app: { name: "shop" }, volumes: [] } });
  });

  test("shows problems with the line and a mark, and ends with 1", async () => {
    file("wrong.toml", TIDY.replace("256Mi", "1Mi").replace("command", "\tcomand"));
    const { code, out } = await run(["validate", "wrong.toml"]);
    expect(code).toBe(1);
    expect(out).toMatchSnapshot();
    const json = await run(["validate", "wrong.toml", "--json"]);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({ file: "wrong.toml", valid: false, problems: [{}, {}, { line: 11 }] });
  });

  test("shows control characters of a file instead of obeying them", async () => {
    const { code, out } = await run(["validate", "-"], { stdin: `${TIDY}\n"\\u001b[31m" = "\u202e"\n# \u001b[31m` });
    expect(code).toBe(1);
    expect(out).not.toMatch(/[\u001b\u202e]/);
  });

  test("refuses what is no text, what is too large, and what is not there", async () => {
    file("binary.toml", new Uint8Array([0xff, 0xfe, 0x00]));
    file("large.toml", "é".repeat(100_000));
    const [binary, large, none] = await Promise.all(
      ["binary.toml", "large.toml", "none/biplane.toml"].map((name) => run(["validate", name])),
    );
    expect([binary!.code, binary!.err]).toEqual([1, "biplane: binary.toml is not UTF-8 text.\n"]);
    expect([large!.code, large!.out]).toEqual([1, expect.stringContaining("E_TOO_LARGE")]);
    expect([none!.code, none!.err]).toEqual([4, "biplane: There is no none/biplane.toml.\n"]);
  });
});

describe("biplane manifest fmt", () => {
  test("prints the canonical form", async () => {
    expect(await run(["fmt", "-"], { stdin: UNTIDY })).toEqual({ code: 0, out: TIDY, err: "" });
  });

  test("--check ends with 1 and a word when the layout is another, and changes nothing", async () => {
    const path = file("check.toml", UNTIDY);
    const { code, out, err } = await run(["fmt", "--check", path]);
    expect([code, out, err]).toEqual([1, "", expect.stringContaining("fmt --write")]);
    expect(readFileSync(path, "utf8")).toBe(UNTIDY);
    expect(await run(["fmt", "--check", "-"], { stdin: TIDY })).toEqual({ code: 0, out: "", err: "" });
  });

  test("--write changes the file, keeps its mode, and leaves nothing else behind", async () => {
    const path = file("write.toml", UNTIDY);
    chmodSync(path, 0o640);
    expect((await run(["fmt", "--write", path])).code).toBe(0);
    expect(readFileSync(path, "utf8")).toBe(TIDY);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    const before = statSync(path).mtimeMs;
    expect(JSON.parse((await run(["fmt", "-w", path, "--json"])).out)).toEqual({ file: path, changed: false });
    expect(statSync(path).mtimeMs).toBe(before);
    expect(readdirSync(directory).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("--write through a link changes what it leads to", async () => {
    const path = file("target.toml", UNTIDY);
    const link = join(directory, "link.toml");
    symlinkSync(path, link);
    expect((await run(["fmt", "--write", link])).code).toBe(0);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(path, "utf8")).toBe(TIDY);
  });

  test("of what is no TOML ends with 1 and changes nothing", async () => {
    const path = file("broken.toml", "a = \n");
    const { code, out } = await run(["fmt", "--write", path]);
    expect([code, out]).toEqual([1, expect.stringContaining("E_SYNTAX")]);
    expect(readFileSync(path, "utf8")).toBe("a = \n");
  });

  test.each([[["fmt", "--check", "--write"]], [["fmt", "--write", "-"]]])("%j is refused with 2", async (args) => {
    file("biplane.toml", TIDY);
    expect((await run(args)).code).toBe(2);
  });
});

test("biplane manifest schema prints the schema of the documentation", async () => {
  const { code, out } = await run(["schema"]);
  expect(code).toBe(0);
  expect(out).toBe(readFileSync(join(ROOT, "docs/manifest.schema.gen.json"), "utf8"));
});
