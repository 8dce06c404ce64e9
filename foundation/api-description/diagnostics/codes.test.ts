import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import { SourceDocument } from "../source/source-document.ts";
import { SOURCE_LIMITS } from "../source/source-tree.ts";
import { DIAGNOSTIC_CODES, explainCode } from "./codes.ts";
import { DIAGNOSTICS_MAX, Diagnostics, diagnosticAt } from "./diagnostic.ts";
import { nearestName } from "./did-you-mean.ts";

const ROOM = join(import.meta.dir, "..");

/** Told by the compiler and the control plane, which know the plugins. */
const TOLD_ELSEWHERE = [
  "E1021",
  "E1022",
  "E1023",
  "E1024",
  "E1026",
  "E1027",
  "E1031",
  "E1032",
  "E1040",
  "E1041",
  "E1070",
  "W1001",
  "W1002",
  "W1003",
  "W1004",
];

describe("the catalogue of codes", () => {
  test("explains each code, with an example", () => {
    for (const [code, entry] of Object.entries(DIAGNOSTIC_CODES)) {
      expect(code).toMatch(/^[EW]1\d{3}$/);
      expect(entry.explanation, code).toMatch(/^[A-Z`0-9].*\.$/);
      expect(entry.title, code).toMatch(/^[a-z].{8,60}$/);
      if (code !== "W1018") expect(entry.example, code).not.toBe("");
      if (code.startsWith("W")) expect(entry.level as string, code).not.toBe("error");
    }
    expect(explainCode("e1011")).toMatchObject({ code: "E1011", level: "error" });
    expect(explainCode("toString")).toBeUndefined();
  });

  test("has no code that nobody tells", () => {
    const files = [...new Glob("**/*.ts").scanSync(ROOM)].filter((file) => !/\.test\.ts$|-codes\.ts$/.test(file));
    const text = files.map((file) => readFileSync(join(ROOM, file), "utf8")).join("\n");
    const told = Object.keys(DIAGNOSTIC_CODES).filter((code) => text.includes(`"${code}"`));
    expect([...told, ...TOLD_ELSEWHERE].sort()).toEqual(Object.keys(DIAGNOSTIC_CODES).sort());
  });
});

describe("diagnostics", () => {
  const document = SourceDocument.read("file:///a", "a", "x:\n  y: 1\n", SOURCE_LIMITS);

  test("point at the key of an object and at the value of anything else, unless they say otherwise", () => {
    expect(diagnosticAt("E1004", { document, pointer: "/x" }, "m")).toEqual({
      code: "E1004",
      level: "error",
      message: "m",
      file: "a",
      line: 1,
      column: 1,
      pointer: "/x",
    });
    expect(diagnosticAt("E1004", { document, pointer: "/x/y" }, "m")).toMatchObject({ line: 2, column: 6 });
    expect(diagnosticAt("E1004", { document, pointer: "/x/y" }, "m", { at: "key", hint: "h" })).toMatchObject({
      column: 3,
      hint: "h",
    });
  });

  test("are told once, and errors go first when there are too many", () => {
    const diagnostics = new Diagnostics();
    const place = { document, pointer: "/x" };
    for (let index = 0; index < DIAGNOSTICS_MAX + 5; index++) diagnostics.report("W1011", place, `m${index}`);
    diagnostics.report("E1004", place, "error");
    diagnostics.report("E1004", place, "error");
    const list = diagnostics.list();
    expect(list).toHaveLength(DIAGNOSTICS_MAX + 1);
    expect(list.filter(({ level }) => level === "error")).toHaveLength(1);
    expect(list.at(-1)).toMatchObject({ code: "W1018", message: "6 more problems are not shown." });
    expect(diagnostics.hasErrors).toBe(true);
  });
});

test.each([
  ["requestbody", "requestBody"],
  ["request-body", "requestBody"],
  ["parameteres", "parameters"],
  ["paramters", "parameters"],
  ["schmea", "schema"],
  ["nmae", "name"],
  ["in", undefined],
  ["id", undefined],
  ["color", undefined],
] as const)("%s may be meant as %s", (name, meant) => {
  expect(nearestName(name, ["requestBody", "parameters", "schema", "name", "in"])).toBe(name === "in" ? "in" : meant!);
});
