/** Published descriptions: each compiles with nothing but an upstream, or is refused. */
import { describe, expect } from "bun:test";
import { join } from "node:path";
import { Glob } from "bun";
import { directoryReader } from "#foundation/api-description";
import type { PluginDeclaration } from "#foundation/gateway-artifact";
import { vectorsDirectory, vectorTest } from "../../../tests/support/skips.ts";
import { compileGateway } from "./compile-gateway.ts";

const folder = join(vectorsDirectory ?? "", "openapi");
const files = vectorsDirectory === undefined ? [] : [...new Glob("**/*.{yaml,yml,json}").scanSync(folder)].sort();

const UPSTREAM: PluginDeclaration = {
  name: "http-upstream",
  kind: "dispatcher",
  summary: "",
  config: { type: "object", properties: { url: { type: "string" } } },
};

describe("published descriptions with an upstream", () => {
  vectorTest("compile, or are refused for something that has a place", () => {
    let compiled = 0;
    for (const file of files) {
      const { artifact, diagnostics, hasErrors } = compileGateway({
        files: [file],
        read: directoryReader(folder),
        upstream: "https://upstream.example",
        provenance: { compiler: "test" },
        declarations: new Map([[UPSTREAM.name, UPSTREAM]]),
      });
      expect(artifact === undefined, file).toBe(hasErrors);
      if (artifact !== undefined) compiled++;
      for (const { line, column, message } of diagnostics) {
        expect(line >= 1 && column >= 1 && message.length > 10, `${file}: ${message}`).toBe(true);
      }
    }
    // Of 320, of which 103 are refused by `published-refusals.ts` and four for their schemas.
    expect(compiled).toBe(files.length - 107);
  });
});
