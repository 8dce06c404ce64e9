import { beforeEach, describe, expect, test } from "bun:test";
import type { AccountId } from "#contracts";
import { ACCOUNT, codeOf } from "#control-plane/events/testing";
import { decideRoot, rootKeyOf } from "./index.ts";
import { createIdentityWorld, type IdentityWorld, OTHER } from "./testing/identity-world.ts";

let world: IdentityWorld;
beforeEach(() => {
  world = createIdentityWorld();
});

describe("account.create", () => {
  test("takes names that are unique without regard to case, and unique ids", () => {
    const { run } = world;
    expect(codeOf(run({ type: "account.create", name: "MAIN" }))).toBe("AccountAlreadyExists");
    expect(codeOf(run({ type: "account.create", name: "third", accountId: ACCOUNT }))).toBe("AccountAlreadyExists");
    expect(codeOf(run({ type: "account.create", name: "third" }))).toBe("ok 1");
    for (const name of ["", " x", "x ", "x".repeat(51), "ü", "a\tb"]) {
      expect(codeOf(run({ type: "account.create", name }))).toBe("ValidationFailed");
    }
    expect(codeOf(run({ type: "account.create", name: "x".repeat(50) }))).toBe("ok 1");
  });

  test("draws another id when the first is taken", () => {
    const { run } = world;
    run({ type: "account.create", name: "taken", accountId: "100000000001" as AccountId });
    const decision = run({ type: "account.create", name: "new" });
    expect(decision.ok && decision.result.accountId).toBe("100000000002" as AccountId);
  });
});

describe("account.configure", () => {
  const configure = (members: { name?: string; alias?: string | null }, accountId = ACCOUNT) =>
    world.run({ type: "account.configure", accountId, ...members });

  test("gives and takes an alias and another name; what is so already appends nothing", () => {
    expect(codeOf(configure({ alias: "acme", name: "Acme" }))).toBe("ok 1");
    expect(world.views.account(ACCOUNT)).toMatchObject({ name: "Acme", alias: "acme" });
    expect(codeOf(configure({ alias: "acme", name: "Acme" }))).toBe("ok 0");
    expect(codeOf(configure({}))).toBe("ok 0");
    expect(codeOf(configure({ name: "ACME" }))).toBe("ok 1");
    expect(codeOf(configure({ alias: null }))).toBe("ok 1");
    expect(codeOf(configure({ alias: null }))).toBe("ok 0");
    expect(world.views.account(ACCOUNT)).not.toHaveProperty("alias");
    expect(world.views.accountByAlias("acme")).toBeUndefined();
  });

  test("an alias has one account, a name too", () => {
    configure({ alias: "acme" });
    expect(configure({ alias: "acme" }, OTHER)).toMatchObject({
      code: "AccountAliasTaken",
      message: "The account alias acme already exists.",
    });
    expect(codeOf(configure({ name: "Main" }, OTHER))).toBe("AccountAlreadyExists");
    configure({ alias: "other-name" });
    expect(codeOf(configure({ alias: "acme" }, OTHER))).toBe("ok 1");
    expect(codeOf(configure({ alias: "abc" }, "000000000000" as AccountId))).toBe("NoSuchAccount");
  });

  test("aliases are as CreateAccountAlias allows them", () => {
    for (const alias of ["abc", "a-b", "1-a", "a".repeat(63), "1234567890123"]) {
      expect(codeOf(configure({ alias }))).toBe("ok 1");
    }
    for (const alias of ["", "ab", "-abc", "abc-", "a--b", "Abc", "a_b", "a".repeat(64), "123456789012", "abc\n"]) {
      expect(codeOf(configure({ alias }))).toBe("ValidationFailed");
    }
  });
});

test("decideRoot() makes an account and its key in one decision", () => {
  const { accountId, events } = decideRoot(world.dependencies, { name: "root" });
  world.append(events);
  expect(events.map((event) => event.type)).toEqual(["account.created", "accessKey.created"]);
  expect(rootKeyOf(world.views, accountId)?.owner).toEqual({ type: "root" });
});
