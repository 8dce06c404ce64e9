import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { type AccountId, type OrgRole, SESSION_KEY_PURPOSE, type SessionClaims } from "#contracts";
import { ORG_SCOPES } from "#control-plane/platform-identity";
import { deriveSealingKey, open } from "#foundation/crypto";
import { API_ROUTES } from "../routes.ts";
import { done, newAccessToken, newMember, newOrg, newProgram, newToken, person } from "../testing/identities.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";

let world: TestApi;
let org: AccountId;
beforeAll(async () => {
  world = await startTestApi({ admission: { admitCaller: () => undefined, admitSource: () => undefined } });
  org = await newOrg(world);
  await newMember(world, org, "owner");
});
afterAll(() => world.close());

type Json = Readonly<Record<string, unknown>>;

interface Answer {
  readonly status: number;
  readonly body: Json;
}

async function call(token: string, method: string, path: string, body?: object, key?: string): Promise<Answer> {
  const answer = await fetch(world.api.url + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      ...(key === undefined ? {} : { "idempotency-key": key }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Json };
}

/** The status, and the code of a problem. */
async function told(token: string, method: string, path: string, body?: object): Promise<string> {
  const answer = await call(token, method, path, body);
  return answer.status < 300 ? String(answer.status) : `${answer.status} ${String(answer.body.code)}`;
}

async function signedIn(role: OrgRole) {
  const personId = await newMember(world, org, role);
  return { personId, token: (await newAccessToken(world, person(personId))).token };
}

const items = (answer: Answer) => answer.body.items as readonly Json[];

describe("roles", () => {
  test("nobody deals in roles above their own", async () => {
    const { token: admin, personId: self } = await signedIn("admin");
    const owner = await newMember(world, org, "owner");
    const developer = await newMember(world, org, "developer");
    const members = `/v1/orgs/${org}/members`;
    const answers = [
      await told(admin, "PATCH", `${members}/${developer}`, { role: "owner" }),
      await told(admin, "PATCH", `${members}/${self}`, { role: "owner" }),
      await told(admin, "PATCH", `${members}/${owner}`, { role: "readonly" }),
      await told(admin, "DELETE", `${members}/${owner}`),
      await told(admin, "POST", `${members}/${owner}/revoke-sessions`),
      await told(admin, "POST", `/v1/orgs/${org}/invitations`, { email: "x@example.com", role: "owner" }),
    ];
    expect(new Set(answers)).toEqual(new Set(["403 ROLE_ABOVE_YOURS"]));
    expect(await told(admin, "PATCH", `${members}/${developer}`, { role: "admin" })).toBe("200");
    expect(await told(admin, "PATCH", `${members}/${developer}`, { role: "emperor" })).toBe("400 ValidationFailed");
    expect(await told(admin, "DELETE", `${members}/${developer}`)).toBe("200");
    const { token: other } = await signedIn("owner");
    expect(await told(other, "PATCH", `${members}/${owner}`, { role: "readonly" })).toBe("200");
    const invited = { type: "invitation.create", accountId: org, email: "y@example.com", role: "owner" } as const;
    const { invitationId } = await done(world, invited);
    expect(await told(admin, "DELETE", `/v1/orgs/${org}/invitations/${invitationId}`)).toBe("403 ROLE_ABOVE_YOURS");
    expect(await told(other, "DELETE", `/v1/orgs/${org}/invitations/${invitationId}`)).toBe("200");
  });

  test("nobody hands a program more than their credential has", async () => {
    const { personId } = await signedIn("owner");
    const narrow = await newToken(world, person(personId), ["orgs:admin", "logs:read", "members:read"]);
    const programs = `/v1/orgs/${org}/service-principals`;
    const make = (scopes: string[], role = "developer") =>
      told(narrow, "POST", programs, { name: `p-${crypto.randomUUID()}`, role, scopes });
    expect(await make(["logs:read"])).toBe("201");
    expect(await make(["logs:read", "deploys:write"])).toBe("403 SCOPE_ABOVE_YOURS");
    expect(await make(["orgs:admin"])).toBe("400 ValidationFailed");
    const { principalId } = await newProgram(world, org, "admin");
    // Its secret would be a way to its scopes.
    expect(await told(narrow, "POST", `${programs}/${principalId}/rotate`)).toBe("403 SCOPE_ABOVE_YOURS");
    expect(await told(narrow, "PATCH", `${programs}/${principalId}`, { scopes: ["exec:write"] })).toBe(
      "403 SCOPE_ABOVE_YOURS",
    );
    expect(await told(narrow, "PATCH", `${programs}/${principalId}`, { scopes: ["logs:read"] })).toBe("200");
    const { token: admin } = await signedIn("admin");
    const { principalId: owners } = await newProgram(world, org, "owner");
    expect(await told(admin, "POST", `${programs}/${owners}/rotate`)).toBe("403 ROLE_ABOVE_YOURS");
    expect(await told(admin, "DELETE", `${programs}/${owners}`)).toBe("403 ROLE_ABOVE_YOURS");
    expect(await told(admin, "GET", `${programs}/${owners}`)).toBe("200");
  });
});

describe("orgs", () => {
  test("are made by people, renamed, given an alias, and left", async () => {
    const { token } = await signedIn("readonly");
    const made = await call(token, "POST", "/v1/orgs", { name: "mine" }, "once");
    expect([made.status, made.body.role]).toEqual([201, "owner"]);
    expect((await call(token, "POST", "/v1/orgs", { name: "mine" }, "once")).body).toEqual(made.body);
    const own = `/v1/orgs/${String(made.body.accountId)}`;
    expect((await call(token, "PATCH", own, { name: "ours", alias: "ours-alias" })).body).toMatchObject({
      name: "ours",
      alias: "ours-alias",
    });
    expect((await call(token, "PATCH", own, { alias: null })).body.alias).toBeUndefined();
    expect(await told(token, "POST", `${own}/leave`)).toBe("409 LastOwner");
    expect(items(await call(token, "GET", "/v1/orgs")).map(({ name }) => name)).toContain("ours");
    expect(await told(token, "POST", `/v1/orgs/${org}/leave`)).toBe("200");
    expect(await told(token, "GET", `/v1/orgs/${org}`)).toBe("404 NO_SUCH_ORG");
  });

  test("are made without an owner by the operator, and not by programs", async () => {
    expect(await told(world.tokens.apiToken, "POST", "/v1/orgs", { name: "ownerless" })).toBe("201");
    const { principalId } = await newProgram(world, org, "owner");
    const { token } = await newAccessToken(world, { type: "servicePrincipal", principalId });
    expect(await told(token, "POST", "/v1/orgs", { name: "x" })).toBe("403 NOT_A_PERSON");
    expect(await told(token, "POST", `/v1/orgs/${org}/credentials`)).toBe("403 NOT_A_PERSON");
  });

  test("show members, programs and invitations without their secrets", async () => {
    const { token } = await signedIn("owner");
    await newProgram(world, org, "readonly");
    await done(world, { type: "invitation.create", accountId: org, email: "z@example.com", role: "readonly" });
    const texts = [];
    for (const what of ["members", "service-principals", "invitations", "events?limit=1000"]) {
      const answer = await call(token, "GET", `/v1/orgs/${org}/${what}`);
      expect(items(answer).length).toBeGreaterThan(0);
      texts.push(JSON.stringify(answer.body));
    }
    expect(texts.join("")).not.toMatch(/[Hh]ash|argon2|sealedSecret/);
  });
});

describe("an org's events", () => {
  test("are its own, in pages that end", async () => {
    const { token } = await signedIn("readonly");
    const other = await newOrg(world);
    await newMember(world, other, "owner");
    const seen: Json[] = [];
    let after: unknown = 0;
    while (after !== undefined) {
      const page = await call(token, "GET", `/v1/orgs/${org}/events?limit=3&after=${String(after)}`);
      seen.push(...items(page));
      after = page.body.next;
    }
    const all = items(await call(world.tokens.apiToken, "GET", "/v1/events?limit=1000"));
    expect(seen).toEqual(all.filter((event) => event.org === org));
    expect(new Set(all.map((event) => event.org)).size).toBeGreaterThan(2);
  });

  test("are followed until the membership ends", async () => {
    const { token, personId } = await signedIn("readonly");
    const answer = await fetch(`${world.api.url}/v1/orgs/${org}/events?follow&after=${world.core.head}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const text = answer.text();
    const other = await newOrg(world);
    await newMember(world, other, "owner");
    await done(world, { type: "member.change", accountId: org, personId, role: "developer" });
    await done(world, { type: "member.remove", accountId: org, personId });
    // The next event is the first that is not told any more.
    await newProgram(world, org, "readonly");
    const lines = (await text).split("\n").filter((line) => line !== "");
    const types = lines.map((line) => (JSON.parse(line) as { readonly type: string }).type);
    expect(types).not.toContain("servicePrincipal.created");
    expect(lines.every((line) => (JSON.parse(line) as { readonly org: string }).org === org)).toBe(true);
  });
});

test("AWS credentials are sealed claims of the member, for as long as asked", async () => {
  const { token, personId } = await signedIn("developer");
  const path = `/v1/orgs/${org}/credentials`;
  const { body } = await call(token, "POST", path, { durationSeconds: 900 });
  const key = deriveSealingKey(world.core.sealingKey, SESSION_KEY_PURPOSE);
  const claims = JSON.parse(open(key, String(body.sessionToken), String(body.accessKeyId))) as SessionClaims;
  const { email } = world.core.views.record("person", personId)!;
  expect(claims).toMatchObject({
    accessKeyId: body.accessKeyId as string,
    secretAccessKey: body.secretAccessKey as string,
    principal: { type: "member", accountId: org, personId, email },
  });
  expect(claims.expiresAt - claims.issuedAt).toBe(900_000);
  expect(body.expiration).toBe(new Date(claims.expiresAt).toISOString());
  for (const durationSeconds of [899, 43_201, 1e9, 900.5, "900", null, [900]]) {
    expect(await told(token, "POST", path, { durationSeconds })).toBe("400 INVALID_BODY");
  }
  expect(await told(token, "POST", path)).toBe("201");
});

test("whatever a body holds, no route fails", async () => {
  const { token } = await signedIn("owner");
  const routes = API_ROUTES.filter((route) => route.method !== "GET" && route.operationId !== "leaveOrg");
  const names = ["name", "email", "role", "scopes", "token", "alias", "userCode", "accountId", "lifetimeSeconds"];
  const bodies = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.dictionary(
      fc.oneof(fc.constantFrom(...names, "grant_type", "refresh_token", "type"), fc.string()),
      fc.jsonValue(),
    ),
    fc.record({
      name: fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue()),
      role: fc.oneof(fc.constantFrom("owner", "readonly"), fc.jsonValue()),
      scopes: fc.oneof(fc.array(fc.constantFrom(...ORG_SCOPES, "__proto__")), fc.jsonValue()),
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), bodies, fc.boolean(), async (route, body, asOperator) => {
      const path = route.path.replace("{org}", org).replace(/\{\w+\}/g, "x");
      const answer = await fetch(world.api.url + path, {
        method: route.method,
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${asOperator ? world.tokens.apiToken : token}`,
        },
        body: JSON.stringify(body),
      });
      expect(`${route.operationId} ${answer.status} ${await answer.text()}`).not.toMatch(/^\w+ 5\d\d/);
    }),
    { numRuns: 300 },
  );
});
