/** Specs, builds, artifacts, keys, gateways and deployments through the REST API. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { AccountId } from "#contracts";
import { ORG_SCOPES } from "#control-plane/platform-identity";
import { openGatewayArtifact } from "#foundation/gateway-artifact";
import { until } from "../../../tests/support/until.ts";
import { API_ROUTES } from "../routes.ts";
import { done, newAccessToken, newMember, newOrg, newToken, person } from "../testing/identities.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";

const API = (status: number) => `openapi: 3.1.0
info: { title: Shop, version: 1.0.0 }
paths:
  /orders:
    get:
      operationId: orders
      x-biplane-dispatch: { name: mock, config: { status: ${status}, body: "[]" } }
      responses: { "${status}": { description: all of them } }
`;

let world: TestApi;
let org: AccountId;
let project: string;
let owner: string;
let developer: string;
let reader: string;

beforeAll(async () => {
  world = await startTestApi({ admission: { admitCaller: () => undefined, admitSource: () => undefined } });
  org = await newOrg(world);
  project = (await done(world, { type: "project.create", accountId: org, name: "shop" })).projectId;
  const token = async (role: "owner" | "developer" | "readonly") =>
    (await newAccessToken(world, person(await newMember(world, org, role)))).token;
  [owner, developer, reader] = [await token("owner"), await token("developer"), await token("readonly")];
});
afterAll(() => world.close());

// Answers of many shapes, looked at by the tests themselves.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Body = any;

async function call(
  method: string,
  path: string,
  body?: unknown,
  token = owner,
): Promise<{ status: number; body: Body }> {
  const answer = await fetch(world.api.url + path, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(method === "GET" ? {} : { body: JSON.stringify(body ?? {}) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? undefined : JSON.parse(text) };
}

const P = () => `/v1/projects/${project}`;

async function artifactOf(
  name: string,
  status = 200,
): Promise<{ artifactId: string; specId: string; buildId: string }> {
  const files = [{ path: `${name}.yaml`, content: API(status).replace("/orders", `/${name}`) }];
  const put = await call("POST", `${P()}/specs`, { name, files }, developer);
  expect(put.status).toBe(201);
  const asked = await call("POST", `/v1/specs/${put.body.spec.id}/compile`, { source: "shop.git" }, developer);
  expect(asked).toMatchObject({ status: 202, body: { status: "queued", revisions: [{ spec_name: name }] } });
  const buildId: string = asked.body.id;
  await until("the build has an outcome", () => world.core.views.record("gatewayBuild", buildId)?.status !== "queued");
  const { body } = await call("GET", `/v1/builds/${buildId}`, undefined, reader);
  expect(body).toMatchObject({ status: "succeeded", warnings: 0 });
  return { artifactId: body.artifact_id, specId: put.body.spec.id, buildId };
}

describe("from a description to gateways", () => {
  test("a description is uploaded, revised, compiled and downloaded", async () => {
    const { artifactId, specId } = await artifactOf("orders");
    const same = await call("POST", `${P()}/specs`, {
      name: "Orders",
      files: [{ path: "orders.yaml", content_base64: Buffer.from(API(200)).toString("base64") }],
    });
    expect(same.body).toMatchObject({ spec: { id: specId, latest_revision: { number: 1 } }, revision: { number: 1 } });
    const revised = await call("POST", `/v1/specs/${specId}/revisions`, {
      files: [
        { path: "orders.yaml", content: API(201) },
        { path: "parts/error.json", content: "{}" },
      ],
      message: "created",
    });
    expect(revised.body.revision).toMatchObject({ number: 2, descriptions: ["orders.yaml"], message: "created" });
    const content = await fetch(`${world.api.url}/v1/specs/${specId}/revisions/1/content`, {
      headers: { authorization: `Bearer ${reader}` },
    });
    expect(await content.text()).toBe(API(200));
    const missing = await call("GET", `/v1/specs/${specId}/revisions/2/content?path=none.yaml`);
    expect(missing).toMatchObject({ status: 404, body: { code: "NoSuchResource" } });

    const url = `${world.api.url}/v1/artifacts/${artifactId}/download`;
    const download = await fetch(url, { headers: { authorization: `Bearer ${reader}` } });
    const bytes = new Uint8Array(await download.arrayBuffer());
    const digest = openGatewayArtifact(bytes).digest;
    expect(download.headers.get("etag")).toBe(`"${digest}"`);
    expect(download.headers.get("digest-of-artifact")).toBe(digest);
    expect(download.headers.get("repr-digest")).toBe(
      `sha-256=:${new Bun.CryptoHasher("sha256").update(bytes).digest("base64")}:`,
    );
    expect(Number(download.headers.get("content-length"))).toBe(bytes.length);
    const again = await fetch(url, { headers: { authorization: `Bearer ${reader}`, "if-none-match": `"${digest}"` } });
    expect(again.status).toBe(304);
  });

  test("what is wrong with a description is in the build", async () => {
    const files = [{ path: "bad.yaml", content: API(200).replace("mock", "nothing") }];
    const put = await call("POST", `${P()}/specs`, { name: "bad", files });
    const asked = await call("POST", `/v1/specs/${put.body.spec.id}/compile`);
    const build = () => call("GET", `/v1/orgs/${org}/projects/${project}/builds/${asked.body.id}`);
    await until("the build has an outcome", async () => (await build()).body.status !== "queued");
    expect((await build()).body).toMatchObject({
      status: "failed",
      diagnostics: [{ level: "error", file: "bad.yaml" }],
    });
  });

  test.each([
    ["no files", { name: "x", files: [] }, "files"],
    ["a path that leads out", { name: "x", files: [{ path: "../x.yaml", content: "" }] }, "relative path"],
    ["a file without contents", { name: "x", files: [{ path: "x.yaml" }] }, "content"],
    ["a file with both", { name: "x", files: [{ path: "x.yaml", content: "", content_base64: "" }] }, "either"],
    ["no description", { name: "x", files: [{ path: "x.txt", content: "" }] }, "descriptions"],
    ["another's name of a file", { name: "x", files: [{ path: "x.yaml", content: "" }], descriptions: ["y"] }, "y"],
    ["a member that is misspelt", { name: "x", file: [] }, "not known"],
    ["a name of nothing", { name: " ", files: [{ path: "x.yaml", content: "" }] }, "name"],
  ])("%s is refused", async (_, body, words) => {
    const answer = await call("POST", `${P()}/specs`, body);
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toContain(words);
  });

  test("contents that nobody needs any more are gone after a collection", async () => {
    const { specId, artifactId } = await artifactOf("short-lived");
    const { contentDigest } = world.core.views.record("gatewayArtifact", artifactId)!;
    expect((await call("DELETE", `/v1/specs/${specId}`)).status).toBe(200);
    expect((await call("GET", `/v1/artifacts/${artifactId}`)).status).toBe(200);
    expect((await call("DELETE", `/v1/artifacts/${artifactId}`)).status).toBe(200);
    const needed = new Set(Array.from(world.core.views.records("gatewayArtifact"), (one) => one.contentDigest));
    await world.core.gatewayBlobs.collect((digest) => needed.has(digest));
    expect(await world.core.gatewayBlobs.sizeOf(contentDigest)).toBeUndefined();
    expect((await call("GET", `/v1/artifacts/${artifactId}/download`)).status).toBe(404);
  });
});

describe("keys", () => {
  test("are shown once, rotated with a grace, and revoked", async () => {
    const made = await call("POST", `${P()}/api-keys`, { name: "edge" });
    expect(made.status).toBe(201);
    expect(made.body.key).toMatch(/^bbk_[A-Za-z0-9_-]{43}$/);
    expect(made.body.prefix).toBe(made.body.key.slice(0, 12));
    const shown = await call("GET", `${P()}/api-keys/${made.body.id}`);
    expect(JSON.stringify(shown.body)).not.toContain(made.body.key.slice(12));
    expect(shown.body.hash).toBeUndefined();
    const rotated = await call("POST", `${P()}/api-keys/${made.body.id}/rotate`, { grace_seconds: 60 });
    expect(rotated.body.key).not.toBe(made.body.key);
    expect(rotated.body.previous_secret_valid_until).toBeString();
    const { artifactId } = await artifactOf("keyed");
    const download = (token: string) =>
      fetch(`${world.api.url}/v1/artifacts/${artifactId}/download`, { headers: { authorization: `Bearer ${token}` } });
    for (const key of [made.body.key, rotated.body.key]) expect((await download(key)).status).toBe(200);
    await call("POST", `${P()}/api-keys/${made.body.id}/rotate`, { grace_seconds: 0 });
    expect((await download(made.body.key)).status).toBe(401);
    expect((await download(rotated.body.key)).status).toBe(401);
    expect((await call("DELETE", `${P()}/api-keys/${made.body.id}`)).status).toBe(200);
    expect((await call("GET", `${P()}/api-keys/${made.body.id}`)).body.revoked_at).toBeString();
    // A name of a key that is revoked is free.
    expect((await call("POST", `${P()}/api-keys`, { name: "Edge" })).status).toBe(201);
    expect((await call("POST", `${P()}/api-keys`, { name: "edge" })).status).toBe(409);
  });

  test("open artifacts of their own project to gateways, and nothing else to anybody", async () => {
    const { artifactId } = await artifactOf("own");
    const { body } = await call("POST", `${P()}/api-keys`, { name: "puller", scopes: ["artifact:read"] });
    const other = (await done(world, { type: "project.create", accountId: org, name: "other" })).projectId;
    const foreign = await call("POST", `/v1/projects/${other}/api-keys`, { name: "puller" });
    const narrow = await call("POST", `${P()}/api-keys`, { name: "narrow", scopes: ["data-plane:connect"] });
    const path = `/v1/artifacts/${artifactId}/download`;
    const status = async (token: string, at = path) =>
      (await fetch(world.api.url + at, { headers: { authorization: `Bearer ${token}` } })).status;
    expect(await status(body.key)).toBe(200);
    expect(await status(foreign.body.key)).toBe(404);
    expect(await status(narrow.body.key)).toBe(403);
    expect(await status(`bbk_${"a".repeat(43)}`)).toBe(401);
    for (const route of API_ROUTES) {
      if (route.scope === "public" || route.scope === "metrics" || route.path.endsWith("{artifact}/download")) continue;
      const at = route.path
        .replace("{org}", org)
        .replace("{project}", project)
        .replaceAll(/\{\w+\}/g, artifactId);
      const answer = await fetch(world.api.url + at, {
        method: route.method,
        headers: { authorization: `Bearer ${body.key}` },
        ...(route.method === "GET" ? {} : { body: "{}" }),
      });
      expect(`${route.method} ${route.path} ${answer.status}`).toBe(`${route.method} ${route.path} 401`);
    }
  });
});

describe("gateways and deployments", () => {
  test("a rollout reaches a group first, then all; goes back; and each gateway is shown with what it should serve", async () => {
    const own = await call("POST", `/v1/orgs/${org}/projects`, { name: "fleet" });
    const at = `/v1/projects/${own.body.id}`;
    project = own.body.id;
    const first = await artifactOf("first");
    const second = await artifactOf("second", 201);
    const { body: key } = await call("POST", `${at}/api-keys`, { name: "edge" });
    const { body: group } = await call("POST", `${at}/gateway-groups`, { name: "canary" });
    const gateways: string[] = [];
    for (let index = 0; index < 4; index++) {
      const metadata = { version: "1.0.0", hostname: `edge-${index}` };
      const command = {
        type: "gateway.register",
        projectId: own.body.id,
        keyId: key.id,
        instanceId: `i-${index}`,
      } as const;
      gateways.push((await done(world, { ...command, metadata })).gatewayId);
    }
    expect((await call("PATCH", `${at}/data-planes/${gateways[0]}`, { group_id: group.id })).body.group_id).toBe(
      group.id,
    );
    expect((await call("DELETE", `${at}/gateway-groups/canary`)).status).toBe(409);

    const all = await call("POST", `${at}/deploy`, { artifact_id: first.artifactId }, developer);
    expect(all).toMatchObject({ status: 202, body: { status: "rolling", current: true, stage: 0 } });
    const deploymentId: string = all.body.id;
    await done(world, { type: "gatewayDeployment.complete", accountId: org, deploymentId });

    const strategy = {
      stages: [{ groups: ["canary"], bake_seconds: 60 }, { percent: 50 }, { percent: 100 }],
      error_rate_max: 0.1,
      automatic_rollback: true,
    };
    const rollout = await call("POST", `${at}/deploy`, { strategy }, developer);
    expect(rollout.body).toMatchObject({
      artifact_id: second.artifactId,
      strategy: {
        stages: [{ groups: [group.id], bake_seconds: 60 }, { percent: 50, bake_seconds: 0 }, { percent: 100 }],
      },
      baseline: { artifact_id: first.artifactId },
    });
    expect(rollout.body.generation).toBeGreaterThan(all.body.generation);
    const wanted = async () =>
      (await call("GET", `${at}/data-planes?limit=200`)).body.items.map((one: Body) => one.desired.artifact_id);
    expect(await wanted()).toEqual([second.artifactId, first.artifactId, first.artifactId, first.artifactId]);
    expect((await call("DELETE", `/v1/artifacts/${first.artifactId}`)).status).toBe(409);
    expect((await call("POST", `${at}/deployments/current/halt`, { reason: "lunch" })).body.status).toBe("halted");
    expect((await call("POST", `${at}/deployments/current/resume`)).body.status).toBe("rolling");
    expect((await call("POST", `${at}/deployments/current/advance`, { stage: 5 })).status).toBe(409);
    expect((await call("POST", `${at}/deployments/current/advance`, { stage: 0 })).body.stage).toBe(1);
    const half = (await wanted()).filter((artifactId: string) => artifactId === second.artifactId).length;
    expect(half).toBeGreaterThanOrEqual(2);
    expect(half).toBeLessThan(4);
    expect((await call("POST", `${at}/deployments/current/advance`)).body.stage).toBe(2);
    expect(new Set(await wanted())).toEqual(new Set([second.artifactId]));

    const back = await call("POST", `${at}/rollback`, { reason: "too dear" }, developer);
    expect(back.body).toMatchObject({
      deployment_kind: "rollback",
      artifact_id: first.artifactId,
      rollback_of: rollout.body.id,
    });
    expect(new Set(await wanted())).toEqual(new Set([first.artifactId]));
    const history = await call("GET", `${at}/deployments?limit=2`);
    expect(history.body.items.map((one: Body) => [one.status, one.current])).toEqual([
      ["rolling", true],
      ["rolled_back", false],
    ]);
    expect(history.body.next_cursor).toBeString();
    const rest = await call("GET", `${at}/deployments?cursor=${history.body.next_cursor}`);
    expect(rest.body.items).toHaveLength(1);

    world.core.gatewayPresence.connected(
      { gatewayId: gateways[1]!, projectId: own.body.id, servedDigest: null },
      Date.now(),
    );
    const shown = (id: string) => call("GET", `${at}/data-planes/${id}`);
    expect((await shown(gateways[1]!)).body).toMatchObject({ status: "deploying", drift: true, artifact_id: null });
    const { digest } = world.core.views.record("gatewayArtifact", first.artifactId)!;
    world.core.gatewayPresence.heard(gateways[1]!, { servedDigest: digest }, Date.now());
    expect((await shown(gateways[1]!)).body).toMatchObject({
      status: "online",
      drift: false,
      artifact_id: first.artifactId,
      artifact_digest: digest,
    });
    expect((await call("GET", `${at}/data-planes?online=true`)).body.items).toHaveLength(1);
    expect((await call("GET", `${at}/data-planes?group=canary`)).body.items).toHaveLength(1);
    expect((await shown(gateways[2]!)).body).toMatchObject({ status: "offline", last_seen: null });
    expect((await call("DELETE", `${at}/data-planes/${gateways[2]}`)).status).toBe(200);
    expect((await shown(gateways[2]!)).status).toBe(404);
  });

  test.each([
    ["without an end", { stages: [{ percent: 50 }] }, "percent 100"],
    ["with an unknown member", { stages: [{ percent: 100, bake: 3 }] }, "not known"],
    ["that goes back", { stages: [{ percent: 50 }, { percent: 10 }, { percent: 100 }] }, "less"],
    ["of nobody", { stages: [{ bake_seconds: 1 }, { percent: 100 }] }, "percent or groups"],
    ["of an unknown group", { stages: [{ groups: ["none"] }, { percent: 100 }] }, "group"],
    ["with a rate above one", { stages: [{ percent: 100 }], error_rate_max: 2 }, "error rate"],
    ["that is none", "fast", "structure"],
  ])("a strategy %s is refused", async (_, strategy, words) => {
    const artifactId = "art_none";
    const answer = await call("POST", `${P()}/deploy`, { artifact_id: artifactId, strategy });
    expect([400, 404]).toContain(answer.status);
    expect(JSON.stringify(answer.body)).toContain(words);
  });
});

describe("by short paths", () => {
  const SHORT = API_ROUTES.filter((route) => route.org === "found");

  test("others' things look like none, and scopes are asked for as by the long ones", async () => {
    const { artifactId, specId, buildId } = await artifactOf("short");
    const ids: Readonly<Record<string, string>> = { project, spec: specId, build: buildId, artifact: artifactId };
    const stranger = (await newAccessToken(world, person(await newMember(world, await newOrg(world), "owner")))).token;
    const narrow = await newToken(world, person(await newMember(world, org, "owner")), ["aws:credentials"]);
    const bound = await newOrg(world);
    const elsewhere = await newToken(world, person(await newMember(world, bound, "owner")), ORG_SCOPES, bound);
    expect(SHORT.length).toBeGreaterThan(30);
    for (const route of SHORT) {
      const path = (own: boolean) =>
        route.path.replaceAll(/\{(\w+)\}/g, (_, name) => (own ? (ids[name] ?? "none") : "none"));
      const none = await call(route.method, path(false), undefined, stranger);
      for (const token of [stranger, elsewhere]) {
        const theirs = await call(route.method, path(true), undefined, token);
        expect(theirs.status).toBe(404);
        expect({ ...theirs.body, instance: "" }).toEqual({ ...none.body, instance: "" });
      }
      const refused = await call(route.method, path(true), undefined, narrow);
      expect(`${route.operationId} ${refused.status} ${refused.body.code}`).toBe(
        `${route.operationId} 403 INSUFFICIENT_SCOPE`,
      );
      expect((await call(route.method, path(true), undefined, "bpt_none")).status).toBe(401);
    }
  });

  test("what is changed is on record, with who did it", async () => {
    const answer = await fetch(`${world.api.url}${P()}/gateway-groups`, {
      method: "POST",
      headers: { authorization: `Bearer ${developer}` },
      body: JSON.stringify({ name: "audited" }),
    });
    expect(answer.status).toBe(201);
    const audit = await world.call(`/v1/audit?requestId=${answer.headers.get("x-request-id")}`);
    expect(((await audit.json()) as Body).items).toMatchObject([
      {
        action: "createGatewayGroupById",
        category: "mutation",
        decision: "allowed",
        actor: { type: "person", accountId: org },
      },
    ]);
  });
});

test("a project with gateways, keys or artifacts is not deleted; one without goes with the rest", async () => {
  const { projectId } = await done(world, { type: "project.create", accountId: org, name: "going" });
  const at = `/v1/orgs/${org}/projects/${projectId}`;
  const { body: group } = await call("POST", `${at}/gateway-groups`, { name: "left" });
  const { body: key } = await call("POST", `${at}/api-keys`, { name: "edge" });
  expect((await call("DELETE", at)).body).toMatchObject({ code: "ResourceInUse" });
  await call("DELETE", `${at}/api-keys/${key.id}`);
  expect((await call("DELETE", at)).status).toBe(200);
  expect(world.core.views.record("gatewayGroup", group.id)).toBeUndefined();
  expect(world.core.views.record("gatewayKey", key.id)).toBeUndefined();
});
