import { describe, expect, test } from "bun:test";
import { CodedError } from "#foundation/errors";
import type { Command } from "./command.ts";
import { findCommand, readArguments } from "./parse.ts";

const load = async () => () => undefined;
const root: Command = {
  name: "biplane",
  summary: "root",
  commands: [
    {
      name: "buckets",
      summary: "buckets",
      commands: [
        {
          name: "create",
          summary: "create",
          parameters: ["NAME"],
          options: [
            { name: "size", short: "s", value: "N", help: "size" },
            { name: "force", short: "f", help: "force" },
          ],
          load,
        },
        { name: "ls", summary: "ls", parameters: ["[URL]"], load },
      ],
    },
    { name: "env", summary: "env", load },
  ],
};

function parse(...argv: string[]) {
  const found = findCommand(root, argv);
  return { path: found.path.join(" "), given: readArguments(found, argv) };
}

/** What the parser complains about. */
function complaint(...argv: string[]): string {
  try {
    parse(...argv);
  } catch (error) {
    if (error instanceof CodedError && error.code === "USAGE") return error.message;
    throw error;
  }
  return "no complaint";
}

describe("the parser", () => {
  test("finds commands wherever options stand", () => {
    for (const argv of [
      ["buckets", "create", "photos", "--data", "/d"],
      ["--data", "/d", "buckets", "create", "photos"],
      ["buckets", "--data", "/d", "create", "photos"],
      ["buckets", "create", "--data=/d", "photos"],
    ]) {
      const { path, given } = parse(...argv);
      expect([path, ...given.positionals, given.text("data")]).toEqual(["buckets create", "photos", "/d"]);
    }
  });

  test("reads values, switches and numbers", () => {
    const { given } = parse("buckets", "create", "-fs", "12", "--json", "--", "--name");
    expect(given.positionals).toEqual(["--name"]);
    expect([given.has("force"), given.has("json"), given.has("help")]).toEqual([true, true, false]);
    expect(given.integer("size", 0, 100)).toBe(12);
    expect(given.integer("absent", 0, 100)).toBeUndefined();
    expect(() => given.integer("size", 0, 10)).toThrow("from 0 to 10");
    expect(parse("buckets", "ls").given.positionals).toEqual([]);
    expect(parse("buckets", "create", "-").given.positionals).toEqual(["-"]);
  });

  test.each([
    [["bucket"], 'There is no command "biplane bucket".\nDid you mean "biplane buckets"?'],
    [["buckets", "craete"], 'There is no command "biplane buckets craete".\nDid you mean "biplane buckets create"?'],
    [["xyzzy"], 'There is no command "biplane xyzzy".\nKnown: buckets, env.'],
    [["__proto__"], 'There is no command "biplane __proto__".\nKnown: buckets, env.'],
    [["buckets", "create"], "NAME is missing.\nUsage: biplane buckets create NAME"],
    [["buckets", "create", "a", "b"], '"b" is one argument too many.\nUsage: biplane buckets create NAME'],
    [["env", "--jsn"], '"biplane env" has no option --jsn.\nDid you mean --json?'],
    [["env", "--constructor"], '"biplane env" has no option --constructor.\nSee biplane env --help.'],
    [["env", "-x"], '"biplane env" has no option -x.\nSee biplane env --help.'],
    [["env", "--data"], "--data needs a value: --data DIR"],
    [["env", "--data="], "--data needs a value that is not empty."],
    [
      ["env", "--data", "--json"],
      "--data needs a value: --data DIR\nFor a value that begins with a dash, write --data=--json",
    ],
    [["env", "--json=yes"], "--json takes no value."],
    [["env", "--data", "a", "--data", "b"], "--data is given twice."],
    [["env", "--force"], '"biplane env" has no option --force.\nSee biplane env --help.'],
  ])("complains about %j", (argv, expected) => {
    expect(complaint(...argv)).toBe(expected);
  });

  test.each([["-1"], ["1.5"], ["1e3"], ["0x10"], ["９"], [" 1"], ["1".repeat(20)]])(
    "does not take %j for a number",
    (text) => {
      const { given } = parse("buckets", "create", "n", `--size=${text}`);
      expect(() => given.integer("size", 0, 1e15)).toThrow(CodedError);
    },
  );

  test("never takes a hostile word for something else", () => {
    for (const word of ["--__proto__=x", "--toString", "--constructor=1", "---", "--=x", "-=", "-é", "--no-json"]) {
      expect(complaint("env", word)).not.toBe("no complaint");
    }
  });
});
