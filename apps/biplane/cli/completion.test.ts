import { describe, expect, test } from "bun:test";
import { skipUnless } from "../../../tests/support/skips.ts";
import { ROOT_COMMAND } from "../commands/index.ts";
import type { Command } from "./command.ts";
import { completionScript, type Shell } from "./completion.ts";
import { helpText } from "./help.ts";
import { optionsOf } from "./parse.ts";

const bashTest = skipUnless(Bun.which("bash") !== null, "bash is not installed");
const installed = (shell: Shell) => skipUnless(Bun.which(shell) !== null, `${shell} is not installed`);

/** What bash offers for the last word. */
function offered(...words: string[]): string[] {
  const script = `${completionScript("bash", ROOT_COMMAND)}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})
COMP_CWORD=${words.length - 1}
_biplane
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const run = Bun.spawnSync(["bash", "--norc", "-c", script]);
  expect(run.stderr.toString()).toBe("");
  return run.stdout
    .toString()
    .split("\n")
    .filter((line) => line !== "");
}

describe("completion", () => {
  bashTest("offers commands, subcommands and options in bash", () => {
    expect(offered("biplane", "bu")).toEqual(["buckets"]);
    expect(offered("biplane", "buckets", "cr")).toEqual(["create"]);
    expect(offered("biplane", "--json", "buckets", "l")).toEqual(["list", "ls", "locate"]);
    expect(offered("biplane", "users", "policy", "p")).toEqual(["put"]);
    expect(offered("biplane", "buckets", "create", "--ver")).toEqual(["--versioning"]);
    expect(offered("biplane", "env", "--j")).toEqual(["--json"]);
    expect(offered("biplane", "xyzzy", "--j")).toEqual(["--json"]);
  });

  for (const shell of ["bash", "zsh", "fish"] as const) {
    installed(shell)(`is a valid script for ${shell}`, () => {
      const check = Bun.spawnSync([shell, "-n"], { stdin: Buffer.from(completionScript(shell, ROOT_COMMAND)) });
      expect([check.exitCode, check.stderr.toString()]).toEqual([0, ""]);
    });
  }

  test("names every command in every shell", () => {
    for (const shell of ["bash", "zsh", "fish"] as const) {
      const script = completionScript(shell, ROOT_COMMAND);
      for (const { name } of allCommands(ROOT_COMMAND)) expect(script).toContain(name);
    }
  });
});

describe("the table of commands", () => {
  test("is complete: every command can be run, is described, and has options of its own only once", () => {
    for (const command of allCommands(ROOT_COMMAND)) {
      expect(command.summary).not.toBe("");
      expect(command.summary.endsWith(".")).toBe(false);
      expect((command.load === undefined) !== (command.commands === undefined)).toBe(true);
      const names = optionsOf(command).map((option) => option.name);
      expect(new Set(names).size).toBe(names.length);
      const shorts = optionsOf(command).flatMap((option) => option.short ?? []);
      expect(new Set(shorts).size).toBe(shorts.length);
    }
  });

  test("loads every command", async () => {
    for (const command of allCommands(ROOT_COMMAND)) {
      if (command.load !== undefined) expect(typeof (await command.load())).toBe("function");
    }
  });

  test("makes help texts", () => {
    const create = ROOT_COMMAND.commands!.find((one) => one.name === "buckets")!.commands!.find(
      (one) => one.name === "presign",
    )!;
    expect(
      helpText(create, ["buckets", "presign"], (text) => text),
    ).toBe(`Make a URL that works without keys for a while.

Usage: biplane buckets presign S3-URL [OPTIONS]

Options:
      --expires TIME   How long: 90s, 15m, 12h, 7d at most (1h)
      --method METHOD  GET, PUT, HEAD or DELETE (GET)
      --endpoint URL   Talk to this AWS endpoint instead (keys from AWS_ACCESS_KEY_ID …)
      --region REGION  Region to sign for (AWS_REGION)

Options of every command:
      --data DIR  The cloud's data directory (BIPLANE_DATA)
      --json      Print JSON for programs
      --no-color  Print without colours (NO_COLOR)
  -h, --help      Show help

Examples:
  biplane buckets presign s3://photos/a.jpg --expires 15m  show one picture to somebody`);
  });
});

function allCommands(root: Command): readonly Command[] {
  return (root.commands ?? []).flatMap((one) => [one, ...allCommands(one)]);
}
