import { describe, expect, test } from "bun:test";
import { addedTags, listedTags, removedTags, tagsOf } from "./tags.ts";

const tag = (Key: string, Value = "") => ({ Key, Value });

describe("keys of users and roles differ in more than case", () => {
  test("twice in one request is a mistake", () => {
    const message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
    expect(() => tagsOf("user", [tag("team"), tag("TEAM")])).toThrow(message);
    expect(() => tagsOf("role", [tag("team"), tag("team")])).toThrow(message);
  });

  test("what is written last gives the key its case", () => {
    expect(addedTags("user", { Team: "a", other: "b" }, { team: "c" })).toEqual({ Team: null, team: "c" });
    expect(addedTags("role", { team: "a" }, { team: "c" })).toEqual({ team: "c" });
  });

  test("they are removed in any case", () => {
    expect(removedTags("user", { Team: "a", other: "b" }, ["TEAM", "none"])).toEqual({ Team: null });
  });
});

describe("keys of other entities are what they are", () => {
  test("two that differ in case stand side by side", () => {
    expect(tagsOf("managedPolicy", [tag("team", "a"), tag("TEAM", "b")])).toEqual({ team: "a", TEAM: "b" });
    expect(addedTags("instanceProfile", { Team: "a" }, { team: "c" })).toEqual({ team: "c" });
    expect(removedTags("oidcProvider", { Team: "a" }, ["team"])).toEqual({});
  });

  test("the very same twice is a mistake", () => {
    expect(() => tagsOf("managedPolicy", [tag("team"), tag("team")])).toThrow("Duplicate tag keys found.");
  });
});

test("keys may be called like members of objects", () => {
  const tags = tagsOf("user", [tag("__proto__", "a"), tag("constructor", "b")]);
  expect(listedTags(tags)).toEqual([tag("__proto__", "a"), tag("constructor", "b")]);
  expect(Object.keys(addedTags("user", {}, tags))).toEqual(["__proto__", "constructor"]);
});

test("lists are sorted by key", () => {
  expect(listedTags({ b: "1", a: "2" })).toEqual([tag("a", "2"), tag("b", "1")]);
  expect(listedTags(undefined)).toEqual([]);
});
