import { describe, expect, test } from "bun:test";
import { aclGrants, isPublicAcl } from "./evaluate.ts";
import {
  ALL_USERS,
  AUTHENTICATED_USERS,
  cannedAcl,
  grantsFromHeaders,
  ownerOnly,
  validateAccessControl,
} from "./grants.ts";

const parties = { owner: "owner", bucketOwner: "bucket-owner" };
const known = (id: string) => id !== "nobody";
const permissions = (name: string, target: "bucket" | "object" = "object") =>
  cannedAcl(name, target, parties).Grants.map(
    ({ Grantee, Permission }) =>
      `${Grantee.Type === "Group" ? Grantee.URI.split("/").at(-1) : Grantee.ID}:${Permission}`,
  );

describe("cannedAcl()", () => {
  test("expands every canned ACL", () => {
    expect(permissions("private")).toEqual(["owner:FULL_CONTROL"]);
    expect(permissions("public-read")).toEqual(["owner:FULL_CONTROL", "AllUsers:READ"]);
    expect(permissions("public-read-write", "bucket")).toEqual([
      "owner:FULL_CONTROL",
      "AllUsers:READ",
      "AllUsers:WRITE",
    ]);
    expect(permissions("authenticated-read")).toEqual(["owner:FULL_CONTROL", "AuthenticatedUsers:READ"]);
    expect(permissions("bucket-owner-read")).toEqual(["owner:FULL_CONTROL", "bucket-owner:READ"]);
    expect(permissions("bucket-owner-full-control")).toEqual(["owner:FULL_CONTROL", "bucket-owner:FULL_CONTROL"]);
    expect(permissions("log-delivery-write", "bucket")).toEqual([
      "owner:FULL_CONTROL",
      "LogDelivery:WRITE",
      "LogDelivery:READ_ACP",
    ]);
    expect(() => permissions("open")).toThrow();
  });
});

describe("grantsFromHeaders()", () => {
  test("reads quoted and bare grantees", () => {
    expect(
      grantsFromHeaders({ GrantRead: `id="a", uri="${ALL_USERS}"`, GrantFullControl: "id=b" }, "owner", known),
    ).toEqual({
      Owner: { ID: "owner" },
      Grants: [
        { Grantee: { Type: "CanonicalUser", ID: "b" }, Permission: "FULL_CONTROL" },
        { Grantee: { Type: "CanonicalUser", ID: "a" }, Permission: "READ" },
        { Grantee: { Type: "Group", URI: ALL_USERS }, Permission: "READ" },
      ],
    });
  });

  test("refuses grantees that cannot be found", () => {
    expect(() => grantsFromHeaders({ GrantRead: 'id="nobody"' }, "o", known)).toThrow("Invalid id");
    expect(() => grantsFromHeaders({ GrantRead: 'uri="http://x"' }, "o", known)).toThrow("Invalid group uri");
    expect(() => grantsFromHeaders({ GrantRead: 'emailAddress="a@b"' }, "o", known)).toThrow(
      "does not match any account",
    );
    expect(() => grantsFromHeaders({ GrantRead: "everyone" }, "o", known)).toThrow("Argument format not recognized");
  });
});

describe("validateAccessControl()", () => {
  const grant = (Grantee: object, Permission = "READ") => ({ Owner: { ID: "o" }, Grants: [{ Grantee, Permission }] });

  test("takes users and groups", () => {
    expect(
      validateAccessControl(grant({ Type: "CanonicalUser", ID: "a", DisplayName: "x" }), "o", known).Grants,
    ).toEqual([{ Grantee: { Type: "CanonicalUser", ID: "a" }, Permission: "READ" }]);
    expect(validateAccessControl({ Owner: { ID: "o" } }, "o", known).Grants).toEqual([]);
  });

  test("refuses what is not whole", () => {
    expect(() => validateAccessControl({}, "o", known)).toThrow("XML");
    expect(() => validateAccessControl(grant({ Type: "CanonicalUser" }), "o", known)).toThrow("XML");
    expect(() => validateAccessControl(grant({ Type: "CanonicalUser", ID: "a" }, "ALL"), "o", known)).toThrow("XML");
    expect(() => validateAccessControl(grant({ Type: "Group", URI: "x" }), "o", known)).toThrow("Invalid group uri");
    expect(() => validateAccessControl(grant({ Type: "CanonicalUser", ID: "nobody" }), "o", known)).toThrow(
      "Invalid id",
    );
    expect(() => validateAccessControl({ Owner: { ID: "other" }, Grants: [] }, "o", known)).toThrow("Access Denied");
  });
});

describe("aclGrants()", () => {
  const acl = (uri: string) => ({
    Owner: { ID: "o" },
    Grants: [{ Grantee: { Type: "Group", URI: uri } as const, Permission: "READ" as const }],
  });

  test("everybody, everybody with an account, one account", () => {
    expect(aclGrants(acl(ALL_USERS), undefined, "READ", false)).toBe(true);
    expect(aclGrants(acl(AUTHENTICATED_USERS), undefined, "READ", false)).toBe(false);
    expect(aclGrants(acl(AUTHENTICATED_USERS), "anyone", "READ", false)).toBe(true);
    expect(aclGrants(ownerOnly("o"), "o", "WRITE_ACP", false)).toBe(true);
    expect(aclGrants(ownerOnly("o"), "other", "READ", false)).toBe(false);
    expect(aclGrants(acl(ALL_USERS), undefined, "WRITE", false)).toBe(false);
  });

  test("IgnorePublicAcls takes only the public grants away", () => {
    expect(aclGrants(acl(ALL_USERS), undefined, "READ", true)).toBe(false);
    expect(aclGrants(acl(AUTHENTICATED_USERS), "x", "READ", true)).toBe(false);
    expect(aclGrants(ownerOnly("o"), "o", "READ", true)).toBe(true);
  });

  test("isPublicAcl()", () => {
    expect(isPublicAcl(acl(ALL_USERS))).toBe(true);
    expect(isPublicAcl(ownerOnly("o"))).toBe(false);
  });
});
