import { beforeEach, describe, expect, test } from "bun:test";
import type { IdentityPatch } from "#contracts";
import { ACCOUNT, codeOf, OCCURRED_AT } from "#control-plane/events/testing";
import { createIdentityWorld, document, documentOfSize, type IdentityWorld } from "./testing/identity-world.ts";

let world: IdentityWorld;
let policy: string;
beforeEach(() => {
  world = createIdentityWorld();
  policy = world.made("managedPolicy", "read");
});

const change = (sections: object) =>
  world.configure("managedPolicy", policy, sections as IdentityPatch<"managedPolicy">);
const add = (versionId: string, text: unknown = document()) =>
  change({ versions: { [versionId]: { document: text } } });
const versions = () => world.views.entity("managedPolicy", ACCOUNT, policy)!.sections;

describe("versions of a policy", () => {
  test("are numbered from 1 up, and get the time of the control plane", () => {
    expect(versions()).toEqual({
      versions: { v1: { document: document(), createdAt: OCCURRED_AT } },
      defaultVersion: "v1",
      lastVersion: 1,
    });
    const later = { document: documentOfSize(200), createdAt: 7 };
    expect(codeOf(change({ versions: { v2: later }, defaultVersion: "v2", lastVersion: 2 }))).toBe("ok 1");
    expect(versions()).toMatchObject({
      versions: { v2: { document: later.document, createdAt: OCCURRED_AT } },
      defaultVersion: "v2",
      lastVersion: 2,
    });
  });

  test("are never numbered twice", () => {
    add("v2");
    expect(codeOf(change({ versions: { v2: null } }))).toBe("ok 1");
    expect(add("v2")).toMatchObject({ code: "ValidationFailed", message: "The next version of the policy is v3" });
    expect(codeOf(add("v3"))).toBe("ok 1");
    for (const versionId of ["v5", "v04", "4", "V4", "", "__proto__"]) {
      expect(codeOf(add(versionId))).toBe("ValidationFailed");
    }
    expect(codeOf(change({ lastVersion: 9 }))).toBe("ValidationFailed");
    expect(codeOf(change({ lastVersion: 3 }))).toBe("ok 0");
    expect(codeOf(change({ lastVersion: null }))).toBe("ValidationFailed");
  });

  test("never change; the same again appends nothing", () => {
    expect(codeOf(add("v1"))).toBe("ok 0");
    expect(codeOf(add("v1", `${document()} `))).toBe("ValidationFailed");
  });

  test("are five at most; another takes the place of one that is deleted in the same change", () => {
    for (const versionId of ["v2", "v3", "v4", "v5"]) expect(codeOf(add(versionId))).toBe("ok 1");
    expect(add("v6")).toMatchObject({
      code: "LimitExceeded",
      message:
        "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.",
    });
    expect(codeOf(change({ versions: { v2: null, v6: { document: document() } } }))).toBe("ok 1");
  });

  test("the one in force exists, and is not deleted", () => {
    add("v2");
    const conflict = { code: "DeleteConflict", message: "Cannot delete the default version of a policy." };
    expect(change({ versions: { v1: null } })).toMatchObject(conflict);
    expect(change({ defaultVersion: "v7" })).toMatchObject({
      code: "NoSuchEntity",
      message: `Policy arn:aws:iam::${ACCOUNT}:policy/read version v7 does not exist or is not attachable.`,
    });
    expect(codeOf(change({ versions: { v1: null }, defaultVersion: "v2" }))).toBe("ok 1");
    expect(change({ versions: { v2: null } })).toMatchObject(conflict);
    expect(change({ versions: null })).toMatchObject(conflict);
    for (const broken of [{ defaultVersion: null }, { defaultVersion: 2 }]) {
      expect(codeOf(change(broken))).toBe("ValidationFailed");
    }
    expect(codeOf(change({ defaultVersion: "constructor" }))).toBe("NoSuchEntity");
  });

  test("are sound documents of the newest language, 6,144 characters at most", () => {
    const spaces = 3_000;
    expect(codeOf(add("v2", documentOfSize(6_144, spaces)))).toBe("ok 1");
    expect(add("v3", documentOfSize(6_145))).toMatchObject({
      code: "LimitExceeded",
      message: "Cannot exceed quota for PolicySize: 6144",
    });
    expect(codeOf(add("v3", document().replace("2012", "2008")))).toBe("MalformedPolicyDocument");
    expect(codeOf(add("v3", "{}"))).toBe("MalformedPolicyDocument");
    expect(codeOf(add("v3", ""))).toBe("ValidationFailed");
    expect(codeOf(add("v3", 7))).toBe("ValidationFailed");
    expect(codeOf(change({ versions: { v3: document() } }))).toBe("ValidationFailed");
    expect(codeOf(change({ versions: { v3: true } }))).toBe("ValidationFailed");
  });

  test("are given at the creation, and so is the description, which stays", () => {
    const first = { v1: { document: document() } };
    const create = (sections: object) => world.command("managedPolicy.create", { name: "other", sections } as object);
    expect(codeOf(create({}))).toBe("ValidationFailed");
    expect(codeOf(create({ versions: first }))).toBe("ValidationFailed");
    expect(codeOf(create({ defaultVersion: "v1" }))).toBe("NoSuchEntity");
    expect(codeOf(create({ versions: first, defaultVersion: "v2" }))).toBe("NoSuchEntity");
    expect(codeOf(create({ versions: { v2: first.v1 }, defaultVersion: "v2" }))).toBe("ValidationFailed");
    expect(codeOf(create({ versions: first, defaultVersion: "v1", description: "reads" }))).toBe("ok 1");
    expect(change({ description: "writes" })).toMatchObject({ message: "The description of a policy never changes" });
  });
});
