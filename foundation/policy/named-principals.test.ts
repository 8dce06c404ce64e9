import { describe, expect, test } from "bun:test";
import { authorize } from "./authorize.ts";
import { compilePolicy } from "./compile.ts";
import { bindPrincipals, namedPrincipals, namesEntity, rewritePrincipals } from "./named-principals.ts";
import { parsePolicy } from "./parse.ts";
import type { PrincipalContext } from "./types.ts";

const ACCOUNT = "111122223333";
const ANA = `arn:aws:iam::${ACCOUNT}:user/ana`;
const OPS = `arn:aws:iam::${ACCOUNT}:role/ops`;
const NIGHT = `arn:aws:sts::${ACCOUNT}:assumed-role/ops/night`;
const ID = "AIDA00000000000000ANA";
const ROLE_ID = "AROA00000000000000OPS";

const policy = (statement: object) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::b/*", ...statement }],
  });

const user = (userId: string): PrincipalContext => ({
  type: "user",
  accountId: ACCOUNT,
  arn: ANA,
  userId,
  userName: "ana",
});
const session = (roleId: string): PrincipalContext => ({
  type: "assumed-role",
  accountId: ACCOUNT,
  arn: NIGHT,
  roleArn: OPS,
  roleId,
  sessionName: "night",
});

function allows(text: string, bindings: Record<string, string>, principal: PrincipalContext): boolean {
  const resource = compilePolicy(bindPrincipals(parsePolicy(text, "resource"), bindings));
  const request = {
    principal,
    action: "s3:GetObject",
    resource: "arn:aws:s3:::b/k",
    resourceAccount: ACCOUNT,
    context: { get: () => undefined },
  };
  return authorize(request, { identity: [], resource }).allowed;
}

describe("bindPrincipals()", () => {
  test.each([
    ["a user", ANA, ID, user],
    ["a role", OPS, ROLE_ID, session],
    ["a session", NIGHT, `${ROLE_ID}:night`, session],
  ] as const)("%s is who it was, not who bears its name", (_what, arn, id, principal) => {
    const text = policy({ Principal: { AWS: arn } });
    const [own = ""] = id.split(":", 1);
    expect(allows(text, { [arn]: id }, principal(own))).toBe(true);
    expect(allows(text, { [arn]: id }, principal(own.replace(/0/g, "1")))).toBe(false);
    expect(allows(text, {}, principal(own))).toBe(false);
  });

  test("who bears the name later is not exempt from a denial", () => {
    const text = policy({ Effect: "Deny", NotPrincipal: { AWS: [ANA, ACCOUNT] } });
    const everybody = policy({ Principal: "*" });
    const both = JSON.stringify({
      Version: "2012-10-17",
      Statement: [JSON.parse(text).Statement[0], JSON.parse(everybody).Statement[0]],
    });
    expect(allows(both, { [ANA]: ID }, user(ID))).toBe(true);
    expect(allows(both, { [ANA]: ID }, user("AIDA1111111111111ANA"))).toBe(false);
  });

  test("leaves accounts, ids and everybody as they are", () => {
    for (const AWS of ["*", ID]) expect(allows(policy({ Principal: { AWS } }), {}, user(ID))).toBe(true);
  });
});

describe("rewritePrincipals()", () => {
  test("changes principals and nothing that only looks like one", () => {
    const text = policy({ Principal: { AWS: [ANA, OPS] }, Condition: { ArnEquals: { "aws:PrincipalArn": ANA } } });
    const changed = rewritePrincipals(text, (name) => (name === ANA ? ID : name));
    expect(JSON.parse(changed)).toEqual(
      JSON.parse(policy({ Principal: { AWS: [ID, OPS] }, Condition: { ArnEquals: { "aws:PrincipalArn": ANA } } })),
    );
    expect(namedPrincipals(changed)).toEqual([ID, OPS]);
  });

  test.each([
    ["other white space", `{ "Statement" : { "Principal": { "AWS": "${ANA}" } } }`],
    ["no policy", "[1]"],
    ["no JSON", "{"],
    ["nothing of the kind", '{"Statement":[null,7,{"Principal":"*"},{"Principal":{"AWS":7}}]}'],
  ])("gives back byte for byte where nothing changes: %s", (_what, text) => {
    expect(rewritePrincipals(text, (name) => name)).toBe(text);
  });
});

test("namesEntity()", () => {
  for (const name of [ANA, OPS, NIGHT]) expect(namesEntity(name)).toBe(true);
  const others = ["*", ID, ACCOUNT, `arn:aws:iam::${ACCOUNT}:root`, `arn:aws:sts::${ACCOUNT}:federated-user/ana`];
  for (const name of others) expect(namesEntity(name)).toBe(false);
});
