/** Routes whose path names no org: whose it is, when nobody says. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { AccountId } from "#contracts";
import { ORG_SCOPES } from "#control-plane/platform-identity";
import {
  done,
  joinAgain,
  newAccessToken,
  newMember,
  newOrg,
  newProgram,
  newToken,
  person,
  program,
} from "./testing/identities.ts";
import { startTestApi, type TestApi } from "./testing/test-api.ts";

let world: TestApi;
let first: AccountId;
let second: AccountId;
/** Tokens. */
let ofOne: string;
let ofTwo: string;
let ofTwoForOne: string;
let ofProgram: string;
let ofNone: string;

beforeAll(async () => {
  world = await startTestApi({ admission: { admitCaller: () => undefined, admitSource: () => undefined } });
  [first, second] = [await newOrg(world), await newOrg(world)];
  await newMember(world, first, "owner");
  ofOne = (await newAccessToken(world, person(await newMember(world, first, "developer")))).token;
  const both = await newMember(world, first, "developer");
  await joinAgain(world, second, both, "readonly");
  ofTwo = (await newAccessToken(world, person(both))).token;
  ofTwoForOne = await newToken(world, person(both), ORG_SCOPES, first);
  ofProgram = (await newAccessToken(world, program((await newProgram(world, second, "developer")).principalId))).token;
  const gone = await newMember(world, first, "developer");
  await done(world, { type: "member.remove", accountId: first, personId: gone });
  // Whoever leaves their last org is signed out, and may sign in again.
  ofNone = (await newAccessToken(world, person(gone))).token;
});
afterAll(() => world.close());

let names = 0;
const newName = () => `project-${++names}`;

// Answers of many shapes, looked at by the tests themselves.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Body = any;

async function call(token: string, method: string, path: string, body?: object) {
  const answer = await fetch(world.api.url + path, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Body };
}

const make = (token: string, query = "") => call(token, "POST", `/v1/projects${query}`, { name: newName() });

describe("a project without an org in the path", () => {
  test("is of the only org of the caller, and found in it by every path", async () => {
    for (const [token, org] of [
      [ofOne, first],
      [ofTwoForOne, first],
      [ofProgram, second],
    ] as const) {
      const made = await make(token);
      expect(made).toMatchObject({ status: 201, body: { org_id: org } });
      const { id } = made.body;
      for (const path of [`/v1/projects/${id}`, `/v1/orgs/${org}/projects/${id}`]) {
        expect((await call(token, "GET", path)).body).toEqual(made.body);
      }
      const listed = await call(token, "GET", "/v1/projects?limit=200");
      const inOrg = await call(token, "GET", `/v1/orgs/${org}/projects?limit=200`);
      expect(listed).toEqual(inOrg);
      expect(listed.body.items.map((item: Body) => item.id)).toContain(id);
      const renamed = await call(token, "PATCH", `/v1/projects/${id}`, { name: newName() });
      expect(renamed).toMatchObject({ status: 200, body: { id, resource_version: 2 } });
      expect((await call(token, "DELETE", `/v1/projects/${id}`)).status).toBe(200);
      expect((await call(token, "GET", `/v1/projects/${id}`)).status).toBe(404);
    }
  });

  test("must be said of which, when there are several", async () => {
    for (const method of ["GET", "POST"]) {
      const { status, body } = await call(ofTwo, method, "/v1/projects", method === "GET" ? undefined : { name: "x" });
      expect(status).toBe(400);
      expect(body).toMatchObject({ code: "ORG_NEEDED", orgs: [first, second].sort() });
      expect(body.detail).toContain(first);
    }
    expect(await make(ofTwo, `?org=${first}`)).toMatchObject({ status: 201, body: { org_id: first } });
    expect(world.core.views.inGroup("project", `account ${second}`)).toEqual([]);
  });

  test("is made with the role that the caller has in that org, not in another", async () => {
    expect(await make(ofTwo, `?org=${second}`)).toMatchObject({ status: 403, body: { code: "INSUFFICIENT_SCOPE" } });
    expect((await call(ofTwo, "GET", `/v1/projects?org=${second}`)).status).toBe(200);
    // The token is good for one org, whatever its owner may elsewhere.
    expect(await make(ofTwoForOne, `?org=${second}`)).toMatchObject({ status: 404, body: { code: "NO_SUCH_ORG" } });
    expect(await make(ofProgram, `?org=${first}`)).toMatchObject({ status: 404, body: { code: "NO_SUCH_ORG" } });
  });

  test("of another's org looks like none", async () => {
    const { projectId } = await done(world, { type: "project.create", accountId: first, name: newName() });
    for (const method of ["GET", "PATCH", "DELETE"]) {
      const theirs = await call(ofProgram, method, `/v1/projects/${projectId}`, method === "GET" ? undefined : {});
      expect(theirs).toMatchObject({ status: 404, body: { code: "NoSuchResource" } });
    }
    expect(world.core.views.record("project", projectId)).toBeDefined();
  });

  test("is made by nobody who belongs to no org", async () => {
    expect(await make(ofNone)).toMatchObject({ status: 403, body: { code: "NO_ORG" } });
    expect(await make(ofNone, `?org=${first}`)).toMatchObject({ status: 404, body: { code: "NO_SUCH_ORG" } });
  });

  test("is made by the operator where the operator says, and nowhere else", async () => {
    const { apiToken } = world.tokens;
    const { status, body } = await make(apiToken);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: "ORG_NEEDED", orgs: [] });
    expect(await make(apiToken, `?org=${second}`)).toMatchObject({ status: 201, body: { org_id: second } });
  });

  test.each(["?org=", "?org=x", "?org=1", "?org=..%2f..", "?account=111122223333"])(
    "with %s is refused",
    async (query) => {
      expect(await make(ofOne, query)).toMatchObject({ status: 400, body: { code: "INVALID_QUERY" } });
    },
  );

  test("that is named twice is of none", async () => {
    expect(await make(ofTwo, `?org=${first}&org=${second}`)).toMatchObject({
      status: 400,
      body: { code: "INVALID_QUERY" },
    });
  });

  test("is on record with the org that it was made in", async () => {
    await make(ofOne);
    const answer = await world.call("/v1/audit?limit=50");
    const { items } = (await answer.json()) as { readonly items: readonly Body[] };
    expect(items.find(({ action }) => action === "createOwnProject")).toMatchObject({ resourceAccount: first });
  });
});

test("the same key asks for the same project, whichever path is taken", async () => {
  const name = newName();
  const ask = (path: string) =>
    fetch(world.api.url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${ofOne}`, "idempotency-key": "once" },
      body: JSON.stringify({ name }),
    }).then((answer) => answer.json());
  expect(await ask("/v1/projects")).toEqual(await ask(`/v1/orgs/${first}/projects`));
});
