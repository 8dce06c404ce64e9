/** Published descriptions: each is read, or refused for a reason. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import { inspectSchemas, SchemaResources } from "#foundation/json-schema";
import { vectorsDirectory, vectorTest } from "../../tests/support/skips.ts";
import { type ApiDescription, directoryReader, type LoadedDescriptions, loadApiDescriptions } from "./index.ts";
import { PUBLISHED_REFUSALS } from "./published-refusals.ts";

const folder = join(vectorsDirectory ?? "", "openapi");
const files = vectorsDirectory === undefined ? [] : [...new Glob("**/*.{yaml,yml,json}").scanSync(folder)].sort();

function load(file: string): LoadedDescriptions {
  return loadApiDescriptions({ files: [file], read: directoryReader(folder), withoutDispatch: "off" });
}

function errorsOf({ diagnostics }: LoadedDescriptions): string {
  const codes = diagnostics.filter(({ level }) => level === "error").map(({ code }) => code);
  return [...new Set(codes)].sort().join(" ");
}

/** What a compiler of schemas says about those of a description. */
function schemaProblems({ schemaDocuments }: ApiDescription): readonly string[] {
  const resources = new SchemaResources();
  for (const { uri, root, dialect, schemasAt } of schemaDocuments) {
    resources.add(uri, JSON.parse(JSON.stringify(root)), { dialect, schemasAt });
  }
  const places = schemaDocuments.flatMap(({ uri, schemasAt }) =>
    schemasAt.map((pointer) => resources.at(uri, pointer)!),
  );
  expect(places).not.toContain(undefined as never);
  return inspectSchemas(places, { resources }).problems.map(({ message, pointer }) => `${pointer}: ${message}`);
}

describe("published descriptions", () => {
  test("are refused for reasons of which each is listed once", () => {
    const listed = Object.values(PUBLISHED_REFUSALS).flat();
    expect(new Set(listed).size).toBe(listed.length);
  });

  vectorTest("are accepted, or refused as was reviewed", () => {
    const refused: Record<string, string[]> = {};
    for (const file of files) {
      const codes = errorsOf(load(file));
      if (codes === "") continue;
      refused[codes] ??= [];
      refused[codes].push(file);
    }
    expect(refused).toEqual(
      Object.fromEntries(Object.entries(PUBLISHED_REFUSALS).map(([codes, list]) => [codes, [...list]])),
    );
    expect(files.length).toBeGreaterThan(300);
  });

  vectorTest("have problems where the text is that they are about", () => {
    for (const file of files) {
      for (const { file: source, line, column, pointer, message, code } of load(file).diagnostics) {
        if (code === "E1002" || source === "" || code === "E1000") continue;
        const text = readFileSync(join(folder, source), "utf8")
          .replace(/^\ufeff/, "")
          .split("\n")[line - 1]!;
        const rest = text.slice(column - 1);
        const key = pointer
          .slice(pointer.lastIndexOf("/") + 1)
          .replaceAll("~1", "/")
          .replaceAll("~0", "~");
        // An entry begins with its key or its value, an item with itself; never in the middle of a word, never in a space.
        expect(rest, `${source}:${line}:${column} ${pointer} ${message}`).toMatch(/^\S/);
        const isAtKey = rest.startsWith(key) || rest.startsWith(JSON.stringify(key)) || rest.startsWith(`'${key}'`);
        const before = text.slice(0, column - 1);
        expect(isAtKey || /(^|[\s:,[{-])$/.test(before), `${source}:${line}:${column} ${pointer} ${message}`).toBe(
          true,
        );
      }
    }
  });

  vectorTest("have schemas that a compiler takes, or that are wrong in themselves", () => {
    const wrong: string[] = [];
    for (const file of files) {
      const loaded = load(file);
      if (loaded.hasErrors) continue;
      const problems = loaded.descriptions.flatMap(schemaProblems);
      if (problems.length > 0) wrong.push(file);
    }
    // Booleans that are text, a name twice in required, a schema that is empty, patterns that are none.
    expect(wrong).toEqual([
      "mermade/3.0/fail/deprecated3.yaml",
      "mermade/3.0/fail/duplicateRequired.yaml",
      "mermade/3.0/fail/gluecon/example1_from_._Different_parameters.md.yaml",
      "mermade/3.0/fail/invalidPattern.yaml",
    ]);
  });
});
