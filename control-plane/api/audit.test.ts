import { afterAll, beforeAll, expect, test } from "bun:test";
import { startTestApi, type TestApi } from "./testing/test-api.ts";

let world: TestApi;
beforeAll(async () => {
  world = await startTestApi();
});
afterAll(() => world.close());

interface Shown {
  readonly action: string;
  readonly decision: string;
  readonly category: string;
  readonly actor: { readonly type: string; readonly id: string };
  readonly reason: string;
}

async function audited(query: string): Promise<readonly Shown[]> {
  const answer = await world.call(`/v1/audit?order=oldest&${query}`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { readonly items: readonly Shown[] }).items;
}

const post = (path: string, body: object) => world.call(path, { method: "POST", body: JSON.stringify(body) });

test("what the operator decides is on record, whether or not it succeeds", async () => {
  expect((await post("/v1/commands", { type: "account.create", name: "team" })).status).toBe(200);
  expect((await post("/v1/commands", { type: "account.create", name: "team" })).status).toBe(409);
  const items = await audited("action=executeCommand");
  expect(items.map(({ category, decision, actor }) => [category, decision, actor.type])).toEqual([
    ["mutation", "allowed", "operator"],
    ["mutation", "allowed", "operator"],
    ["mutation", "failed", "operator"],
  ]);
});

test("whoever cannot prove who they are is on record, without what they sent", async () => {
  const wrong = `Bearer bpt_${"x".repeat(43)}`;
  expect((await world.call("/v1/status", { headers: { authorization: wrong } })).status).toBe(401);
  const answer = await fetch(`${world.api.url}/v1/auth/token`, {
    method: "POST",
    body: JSON.stringify({
      grant_type: "client_credentials",
      client_id: "bsp_nobody",
      client_secret: "bpc_very-secret",
    }),
  });
  expect(answer.status).toBe(401);
  const items = await audited("category=authentication");
  expect(items.map(({ decision, actor }) => [decision, actor.type])).toEqual([
    ["failed", "unproven"],
    ["failed", "unproven"],
  ]);
  const text = JSON.stringify(items);
  expect(text).not.toContain("very-secret");
  expect(text).not.toContain("xxxx");
});

test("the chain can be proven, and a checkpoint held against it", async () => {
  const head = (await (await world.call("/v1/audit/head")).json()) as { readonly checkpoint: string };
  await post("/v1/commands", { type: "account.create", name: "later" });
  const verify = async (checkpoint: string) =>
    (await (await world.call(`/v1/audit/verify?checkpoint=${checkpoint}`)).json()) as { readonly sound: boolean };
  expect(await verify(head.checkpoint)).toMatchObject({ sound: true, checkpoint: "met" });
  expect(await verify(head.checkpoint.replace(/[0-9a-f]$/, (digit) => (digit === "0" ? "1" : "0")))).toMatchObject({
    sound: false,
  });
});

test("nothing is decided when it cannot be put on record", async () => {
  const failing = await startTestApi({
    audit: {
      append: () => Promise.reject(new (class extends Error {})("disk full")),
      note: () => undefined,
    } as never,
  });
  const headBefore = failing.core.head;
  const answer = await failing.call("/v1/commands", {
    method: "POST",
    body: JSON.stringify({ type: "account.create", name: "unrecorded" }),
  });
  expect(answer.status).toBeGreaterThanOrEqual(500);
  expect(failing.core.head).toBe(headBefore);
  await failing.close();
});

test("a parameter that is none is refused with the name of it", async () => {
  const answer = await world.call("/v1/audit?from=yesterday");
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ code: "INVALID_QUERY" });
});
