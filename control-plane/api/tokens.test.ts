import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemRandom } from "#foundation/runtime";
import { bearerToken, openTokens } from "./tokens.ts";

const directories: string[] = [];
function newPath(): string {
  const directory = mkdtempSync(join(tmpdir(), "biplane-tokens-"));
  directories.push(directory);
  return join(directory, "tokens.json");
}
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

describe("openTokens", () => {
  test("makes tokens once and keeps nothing but their hashes", () => {
    const path = newPath();
    const first = openTokens({ path, random: systemRandom, known: undefined });
    expect(first.fresh).toEqual(["api", "join"]);
    expect(first.plain.apiToken).toMatch(/^bpa_[\w-]{43}$/);
    expect(first.plain.joinToken).toMatch(/^bpj_[\w-]{43}$/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, "utf8")).not.toContain(first.plain.apiToken.slice(4));
    const second = openTokens({ path, random: systemRandom, known: first.plain });
    expect(second.fresh).toEqual([]);
    expect(second.plain).toEqual(first.plain);
    expect(second.verify("api", first.plain.apiToken)).toBe(true);
    expect(second.verify("join", first.plain.joinToken)).toBe(true);
    expect(second.verify("join", first.plain.apiToken)).toBe(false);
    expect(second.verify("api", "")).toBe(false);
  });

  test("replaces tokens whose plain form is lost or was made up", () => {
    const path = newPath();
    const first = openTokens({ path, random: systemRandom, known: undefined });
    const second = openTokens({ path, random: systemRandom, known: { ...first.plain, apiToken: "bpa_made_up" } });
    expect(second.fresh).toEqual(["api"]);
    expect(second.verify("api", first.plain.apiToken)).toBe(false);
    expect(second.verify("api", "bpa_made_up")).toBe(false);
    expect(second.verify("join", first.plain.joinToken)).toBe(true);
  });

  test.each([["{}"], ['{"api":"short","join":"short"}'], ["null"], ["x"]])("refuses a file that holds %s", (text) => {
    const path = newPath();
    writeFileSync(path, text);
    expect(() => openTokens({ path, random: systemRandom, known: undefined })).toThrow(SyntaxError);
  });
});

test("bearerToken takes exactly what RFC 6750 allows", () => {
  expect(bearerToken("Bearer abc._~+/-=")).toBe("abc._~+/-=");
  expect(bearerToken("bearer abc")).toBe("abc");
  for (const header of [undefined, "", "Bearer", "Bearer ", "Bearer a b", "Basic abc", "Bearer a,b"]) {
    expect(bearerToken(header)).toBeUndefined();
  }
});
