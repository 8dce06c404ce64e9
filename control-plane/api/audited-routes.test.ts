/** Every route that changes something, made from the route table: who did it, or was not let, is on record, and nothing that is secret is. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import type { AccountId } from "#contracts";
import { API_ROUTES } from "./routes.ts";
import { newAccessToken, newMember, newOrg, newToken, person } from "./testing/identities.ts";
import { startTestApi, type TestApi } from "./testing/test-api.ts";

let world: TestApi;
let org: AccountId;
let owner: { readonly id: string; readonly token: string };
let reader: { readonly id: string; readonly token: string };

/** One source may only be refused so often before its refusals are counted together, see `foundation/audit/notes`. */
const ROUTES_PER_WORLD = 12;
let routes = 0;

beforeEach(async () => {
  if (routes++ % ROUTES_PER_WORLD !== 0) return;
  if (routes > 1) await world.close();
  world = await startTestApi({ admission: { admitCaller: () => undefined, admitSource: () => undefined } });
  org = await newOrg(world);
  // Another one stays when the owner leaves.
  await newMember(world, org, "owner");
  const [ownerId, readerId] = [await newMember(world, org, "owner"), await newMember(world, org, "readonly")];
  owner = { id: ownerId, token: (await newAccessToken(world, person(ownerId))).token };
  reader = { id: readerId, token: await newToken(world, person(readerId), []) };
});
afterAll(() => world.close());

interface Shown {
  readonly action: string;
  readonly decision: string;
  readonly category: string;
  readonly actor: { readonly type: string; readonly id: string };
  readonly resource: string;
  readonly requestId: string;
  readonly errorCode?: string;
}

/** Routes by short paths take part under their long ones; here nothing is found. See `gateways/gateway-routes.test.ts`. Whoever leaves is nobody afterwards: that comes last. */
const CHANGING = API_ROUTES.filter(
  ({ method, scope, org }) => method !== "GET" && scope !== "public" && org !== "found",
).toSorted((left, right) => Number(left.operationId === "leaveOrg") - Number(right.operationId === "leaveOrg"));
const SECRET = "s3cr3t-th4t-n0b0dy-m4y-r34d";

async function recordsOf(requestId: string): Promise<{ readonly items: readonly Shown[]; readonly text: string }> {
  const answer = await world.call(`/v1/audit?order=oldest&requestId=${requestId}`);
  const text = await answer.text();
  return { items: (JSON.parse(text) as { readonly items: readonly Shown[] }).items, text };
}

/** What each body member could be that holds a secret, wherever a route takes one. */
const BODY = JSON.stringify({
  values: { KEY: SECRET },
  data: `KEY=${SECRET}`,
  password: SECRET,
  refresh_token: SECRET,
});

async function send(
  path: string,
  method: string,
  token: string,
): Promise<{ readonly status: number; readonly requestId: string }> {
  const answer = await fetch(world.api.url + path, {
    method,
    headers: { authorization: `Bearer ${token}` },
    body: BODY,
  });
  await answer.arrayBuffer();
  return { status: answer.status, requestId: answer.headers.get("x-request-id")! };
}

test("there are routes that change something in every room of the API", () => {
  expect(CHANGING.length).toBeGreaterThan(50);
});

test.each(CHANGING.map((route) => [`${route.method} ${route.path}`, route] as const))(
  "%s: who did it, or was not let, is on record, and no secret is",
  async (_, route) => {
    const { method, operationId } = route;
    const path = route.path.replace(/\{(\w+)\}/g, (__, name: string) =>
      name === "org" || name === "account" ? org : "none",
    );

    // By who may: the operator, for what is the cloud's; an owner, for what is the org's.
    const isOrgs = route.org !== undefined;
    const allowed = await send(path, method, isOrgs ? owner.token : world.tokens.apiToken);
    const made = await recordsOf(allowed.requestId);
    expect(made.items.length).toBeGreaterThan(0);
    expect(made.items[0]).toMatchObject({ action: operationId, requestId: allowed.requestId });
    expect(made.items[0]!.resource).toBe(path);
    if (route.scope !== "session") {
      expect(made.items[0]).toMatchObject({ category: "mutation", decision: "allowed" });
      if (isOrgs) expect(made.items[0]!.actor).toMatchObject({ id: owner.id });
      // What was let in and did not succeed is on record as that, too.
      if (allowed.status >= 400) expect(made.items.at(-1)).toMatchObject({ decision: "failed" });
    }
    expect(made.text).not.toContain(SECRET);

    const refused = await send(path, method, reader.token);
    if (route.scope !== "authenticated") {
      expect(refused.status).toBe(403);
      const kept = await recordsOf(refused.requestId);
      expect(kept.items).toHaveLength(1);
      expect(kept.items[0]).toMatchObject({ action: operationId, decision: "denied", actor: { id: reader.id } });
      expect(kept.text).not.toContain(SECRET);
    }

    const unknown = await send(path, method, `bpa_${SECRET}`);
    expect(unknown.status).toBe(401);
    const tried = await recordsOf(unknown.requestId);
    expect(tried.items[0]).toMatchObject({
      decision: "failed",
      category: "authentication",
      actor: { type: "unproven" },
    });
    expect(tried.text).not.toContain(SECRET);
  },
);
