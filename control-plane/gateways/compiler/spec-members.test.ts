import { describe, expect, test } from "bun:test";
import { specMembers } from "./spec-members.ts";

const nameOf = (file: string): string => specMembers([file]).get(file)!;

describe("names of descriptions in an archive", () => {
  test("are those of the files where an archive takes them", () => {
    expect(nameOf("apis/pets-1.0_b.yaml")).toBe("apis/pets-1.0_b.yaml");
  });

  test("have no empty segment, none that begins with a dot, and no other signs", () => {
    expect(nameOf(".github/api.yaml")).toBe("_github/api.yaml");
    expect(nameOf("https://x.example//a b.yaml?v=1")).toBe("https_/_/x.example/_/a_b.yaml_v_1");
  });

  test("are short enough", () => {
    expect(nameOf(`${"folder/".repeat(50)}api.yaml`)).toMatch(/^[0-9a-f]{24}-\S{60}$/);
  });

  test("are never those of two files, and a file that can keeps its own", () => {
    const names = specMembers(["a b.yaml", "a+b.yaml", "a_b.yaml"]);
    expect(names.get("a_b.yaml")).toBe("a_b.yaml");
    expect(new Set(names.values()).size).toBe(3);
  });
});
