import { beforeEach, describe, expect, test } from "bun:test";
import type { AccountId } from "#contracts";
import { ACCOUNT, codeOf } from "#control-plane/events/testing";
import { rootKeyOf } from "./index.ts";
import { createIdentityWorld, type IdentityWorld, OTHER } from "./testing/identity-world.ts";

let world: IdentityWorld;
beforeEach(() => {
  world = createIdentityWorld();
});

const create = (userName?: string) =>
  world.run({
    type: "accessKey.create",
    accountId: ACCOUNT,
    owner: userName === undefined ? { type: "root" } : { type: "user", userName },
  });

function keyOf(userName?: string): string {
  const decision = create(userName);
  if (!decision.ok) throw new Error(decision.message);
  return decision.result.accessKeyId;
}

describe("access keys", () => {
  test("show their secret once; the record holds it sealed with the key's id", () => {
    const decision = create();
    if (!decision.ok) throw new Error(decision.message);
    const { accessKeyId, secretAccessKey } = decision.result;
    expect(world.views.accessKey(accessKeyId)).toMatchObject({
      status: "Active",
      owner: { type: "root" },
      sealedSecret: `sealed(${secretAccessKey},${accessKeyId})`,
    });
  });

  test("are two per owner", () => {
    world.made("user", "ada");
    for (const owner of [undefined, "ada"]) {
      expect([create(owner), create(owner), create(owner)].map(codeOf)).toEqual(["ok 1", "ok 1", "LimitExceeded"]);
    }
    expect(create("ada")).toMatchObject({ message: "Cannot exceed quota for AccessKeysPerUser: 2" });
    expect(create("bob")).toMatchObject({
      code: "NoSuchEntity",
      message: "The user with name bob cannot be found.",
    });
    expect(
      codeOf(world.run({ type: "accessKey.create", accountId: OTHER, owner: { type: "user", userName: "ada" } })),
    ).toBe("NoSuchEntity");
  });

  test("are of a user however its name is written, and go along when it is renamed", () => {
    const ada = world.made("user", "Ada");
    const keys = [keyOf("ada"), keyOf("ADA")];
    expect(codeOf(create("Ada"))).toBe("LimitExceeded");
    expect(codeOf(world.rename("user", ada, { name: "Lovelace" }))).toBe("ok 3");
    for (const key of keys) {
      expect(world.views.accessKey(key)?.owner).toEqual({ type: "user", userName: "Lovelace" });
    }
    expect(codeOf(create("lovelace"))).toBe("LimitExceeded");
    // Another path is no other name.
    expect(codeOf(world.rename("user", ada, { path: "/math/" }))).toBe("ok 1");
    // Nor does a new user of the old name find keys.
    world.made("user", "Ada");
    expect(codeOf(create("Ada"))).toBe("ok 1");
  });

  test("are switched and deleted by their own account only", () => {
    const accessKeyId = keyOf();
    const update = (accountId: AccountId, status: "Active" | "Inactive") =>
      world.run({ type: "accessKey.update", accountId, accessKeyId, status });
    const remove = (accountId: AccountId) => world.run({ type: "accessKey.delete", accountId, accessKeyId });
    expect(codeOf(update(OTHER, "Inactive"))).toBe("NoSuchAccessKey");
    expect(codeOf(update(ACCOUNT, "Active"))).toBe("ok 0");
    expect(codeOf(update(ACCOUNT, "Inactive"))).toBe("ok 1");
    expect(rootKeyOf(world.views, ACCOUNT)).toBeUndefined();
    expect(codeOf(remove(OTHER))).toBe("NoSuchAccessKey");
    expect(codeOf(remove(ACCOUNT))).toBe("ok 1");
    expect(remove(ACCOUNT)).toMatchObject({
      code: "NoSuchAccessKey",
      message: `The Access Key with id ${accessKeyId} cannot be found.`,
    });
  });
});
