import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { BiplaneError } from "../../../clients/typescript/src/index.ts";
import { type Cloud, createCloud } from "../../support/cloud.ts";
import { type CheckedClient, checkedClient } from "./checked-client.ts";

let cloud: Cloud;
let checked: CheckedClient;
let client: CheckedClient["client"];
let org: string;

beforeAll(async () => {
  cloud = createCloud();
  await cloud.start("up", "--port", "0");
  checked = await checkedClient(await cloud.environment());
  ({ client, org } = checked);
});
afterAll(() => cloud.dispose());

/** The refusal of a call. */
const refusalOf = async (call: Promise<unknown>): Promise<BiplaneError> => {
  const error = await call.then(
    () => new Error("It was not refused."),
    (error: unknown) => error,
  );
  if (error instanceof BiplaneError) return error;
  throw error;
};

describe("a client against a control plane", () => {
  test("makes things, and finds them as it made them", async () => {
    const { accountId } = await client.orgs.create({ body: { name: "bakery" } });
    const app = await client.apps.create({ org: accountId, body: { name: "shop", description: "sells" } });
    expect(await client.apps.get({ org: accountId, app: "shop" })).toEqual(app);
    const env = await client.envs.create({ org: accountId, app: app.id, body: { name: "production" } });
    expect(await client.envs.get({ org: accountId, app: "shop", env: "production" })).toEqual(env);
    const place = { org: accountId, app: "shop", env: env.id };
    expect((await client.envs.getStatus(place)).status).toBe("idle");
    const changed = await client.apps.update({ org: accountId, app: "shop", body: { description: "sells more" } });
    expect(changed.description).toBe("sells more");
    expect(changed.resource_version).toBeGreaterThan(app.resource_version);
    await client.envs.delete(place);
    expect((await refusalOf(client.envs.get(place))).status).toBe(404);
  });

  test("hears what is wrong by its code", async () => {
    const unknown = await refusalOf(client.apps.get({ org, app: "nothing" }));
    expect(unknown).toMatchObject({ code: "NoSuchResource", status: 404, name: "BiplaneError" });
    expect(unknown.message).toStartWith("NoSuchResource: ");
    const wrong = await refusalOf(client.apps.create({ org, body: { name: "No Name" } }));
    expect(wrong).toMatchObject({ code: "ValidationFailed", status: 400 });
    expect(wrong.detail).toContain("name");
    const misspelt = await refusalOf(client.apps.create({ org, body: { name: "a", colour: "red" } as never }));
    expect(misspelt.code).toBe("INVALID_BODY");
    const stranger = checked.with({ token: "bpa_wrong" });
    expect((await refusalOf(stranger.apps.list({ org }))).status).toBe(401);
  });

  test("hears of the member that is wrong by the name that the API has for it", async () => {
    const app = await client.apps.create({ org, body: { name: "members" } });
    const env = await client.envs.create({ org, app: app.id, body: { name: "production" } });
    const body = {
      protocol: "http",
      hostname: "a.example.test",
      backend_process_type: "nothing",
      backend_port: 80,
    } as const;
    const refused = await refusalOf(client.routes.create({ org, app: app.id, env: env.id, body }));
    expect(refused.code).toBe("ValidationFailed");
    expect(refused.detail).toStartWith("backend_process_type: ");
  });

  test("a change by a version that has passed is refused", async () => {
    const app = await client.apps.create({ org, body: { name: "versions" } });
    const body = { description: "one", expected_version: app.resource_version };
    await client.apps.update({ org, app: app.id, body });
    const late = await refusalOf(client.apps.update({ org, app: app.id, body: { ...body, description: "two" } }));
    expect(late).toMatchObject({ code: "RevisionMismatch", status: 409 });
    expect((await client.apps.get({ org, app: app.id })).description).toBe("one");
  });

  test("however often a command is sent, it is done once", async () => {
    const keys = new Set<string | null>();
    let attempts = 0;
    const unlucky = checked.with({
      async fetch(url, init) {
        keys.add(new Headers(init.headers).get("idempotency-key"));
        const answer = await fetch(url, init);
        // It was done, and the answer is lost on the way.
        if (++attempts < 3) throw new TypeError("connection reset");
        return answer;
      },
    });
    const { head: before } = await client.events.read({ limit: 1 });
    const app = await unlucky.apps.create({ org, body: { name: "once" } });
    expect({ attempts, keys: keys.size }).toEqual({ attempts: 3, keys: 1 });
    expect((await client.apps.get({ org, app: "once" })).id).toBe(app.id);
    const { items } = await client.events.read({ after: before });
    expect(items.filter(({ type }) => type === "app.created").map(({ aggregateId }) => aggregateId)).toEqual([app.id]);
  });

  test("two calls are two commands, and one key is one command", async () => {
    await client.apps.create({ org, body: { name: "twice" } });
    expect((await refusalOf(client.apps.create({ org, body: { name: "twice" } }))).code).toBe("ResourceAlreadyExists");
    const key = { idempotencyKey: "tests-thrice" };
    const first = await client.apps.create({ org, body: { name: "thrice" } }, key);
    expect(await client.apps.create({ org, body: { name: "thrice" } }, key)).toEqual(first);
    const other = await refusalOf(client.apps.create({ org, body: { name: "another" } }, key));
    expect(other.code).toBe("IdempotencyKeyReused");
  });

  test("goes through all pages", async () => {
    const made = Array.from({ length: 7 }, (_, index) => `page-${index}`);
    await Promise.all(made.map((name) => client.apps.create({ org, body: { name } })));
    const names: string[] = [];
    for await (const { name } of client.apps.listAll({ org, limit: 2 })) names.push(name);
    expect(names.filter((name) => name.startsWith("page-"))).toEqual(made);
    expect(new Set(names).size).toBe(names.length);
    const events: number[] = [];
    for await (const { id } of client.events.readAllInOrg({ org, limit: 3 })) events.push(id);
    expect(events.length).toBeGreaterThan(7);
    expect(events).toEqual([...new Set(events)].sort((left, right) => left - right));
  });

  test("follows events as they happen", async () => {
    const { head } = await client.events.read({ limit: 1 });
    const following = client.events.followInOrg({ org, after: head });
    const first = following.next();
    const { id } = await client.apps.create({ org, body: { name: "watched" } });
    expect((await first).value).toMatchObject({ type: "app.created", aggregateId: id });
    await following.return();
  });

  test("stops when it is told to", async () => {
    const stopping = new AbortController();
    const following = client.events.follow({ after: 0 }, { signal: stopping.signal });
    await following.next();
    stopping.abort(new Error("enough"));
    const rest = async () => {
      for await (const _ of following);
    };
    await expect(rest()).rejects.toThrow("enough");
    await expect(client.apps.list({ org }, { signal: stopping.signal })).rejects.toThrow("enough");
  });

  test("programs sign in, and are held to their scopes", async () => {
    const program = await client.servicePrincipals.create({
      org,
      body: { name: "ci", role: "developer", scopes: ["apps:read"] },
    });
    const { access_token } = await client.auth.getToken({
      body: { grant_type: "client_credentials", client_id: program.principalId, client_secret: program.clientSecret },
    });
    const ci = checked.with({ token: async () => access_token });
    expect((await ci.auth.whoAmI()).type).toBe("servicePrincipal");
    expect((await ci.apps.list({ org })).items.length).toBeGreaterThan(0);
    expect((await refusalOf(ci.apps.create({ org, body: { name: "mine" } }))).status).toBe(403);
  });

  test("all answers were as they are described", () => {
    expect(checked.problems).toEqual([]);
    expect(checked.answered.size).toBeGreaterThan(10);
  });
});
