import { beforeEach, describe, expect, test } from "bun:test";
import { shownPolicy, shownTrustPolicy } from "./resource-policies.ts";
import { ACCOUNT, IdentityCatalog, policyText } from "./testing/index.ts";

let catalog: IdentityCatalog;
beforeEach(() => {
  catalog = new IdentityCatalog();
  catalog.addAccount(ACCOUNT);
});

const ANA = `arn:aws:iam::${ACCOUNT}:user/ana`;
const NIGHT = `arn:aws:sts::${ACCOUNT}:assumed-role/ops/night`;
const MEMBER = `arn:aws:iam::${ACCOUNT}:role/aws-reserved/biplane/BiplaneMember_owner`;
const naming = (...AWS: readonly string[]) => policyText({ Effect: "Allow", Principal: { AWS }, Action: "s3:*" });

describe("shownPolicy()", () => {
  test("is the text as it was put while everybody is there", () => {
    const { entityId } = catalog.putUser("ana");
    const role = catalog.putRole("ops", {});
    const text = ` ${naming(ANA, NIGHT, MEMBER, "*")}`;
    const principals = { [ANA]: entityId, [NIGHT]: `${role.entityId}:night`, [MEMBER]: MEMBER };
    expect(shownPolicy(catalog, text, principals)).toBe(text);
    expect(shownPolicy(catalog, text, undefined)).toBe(text);
  });

  test("shows the ids of those who are gone, also when somebody else has the name", () => {
    catalog.putUser("ana");
    const principals = { [ANA]: "AIDAGONE", [NIGHT]: "AROAGONE:night" };
    expect(JSON.parse(shownPolicy(catalog, naming(ANA, NIGHT), principals))).toEqual(
      JSON.parse(naming("AIDAGONE", "AROAGONE:night")),
    );
  });

  test("shows the new names of those who have been renamed", () => {
    const { entityId } = catalog.putUser("anna", { path: "/team/" });
    const shown = shownPolicy(catalog, naming(ANA), { [ANA]: entityId });
    expect(JSON.parse(shown)).toEqual(JSON.parse(naming(`arn:aws:iam::${ACCOUNT}:user/team/anna`)));
  });
});

test("shownTrustPolicy()", () => {
  const trustPolicy = naming(ANA);
  const role = catalog.putRole("reader", { trustPolicy, trustPrincipals: { [ANA]: "AIDAGONE" } });
  expect(JSON.parse(shownTrustPolicy(catalog, role)!)).toEqual(JSON.parse(naming("AIDAGONE")));
});
