import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import type { AccountId, OrgRole } from "#contracts";
import { PageBrowser } from "../../../tests/support/page-browser.ts";
import { until } from "../../../tests/support/until.ts";
import { done, newOrg } from "../testing/identities.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";

let world: TestApi;
let org: AccountId;
let project: string;
let artifacts: readonly string[];
const path = (): string => `/gateways?project=${project}`;

beforeAll(async () => {
  world = await startTestApi({ admission: { admitCaller: () => undefined, admitSource: () => undefined } });
  org = await newOrg(world);
  project = (await done(world, { type: "project.create", accountId: org, name: "shop" })).projectId;
  artifacts = [await built("one"), await built("two")];
});
afterAll(() => world.close());

/** @returns the artifact of a description that says the text */
async function built(text: string): Promise<string> {
  const description = `openapi: 3.1.0
info: {title: Shop, version: "1"}
paths:
  /version:
    get:
      x-biplane-dispatch: {name: mock, config: {body: "${text}"}}
      responses: {"200": {description: ok}}
`;
  const files = [{ path: "api.yaml", content: description }];
  const body = JSON.stringify({ name: `api-${text}`, files });
  const put = (await (await world.call(`/v1/projects/${project}/specs`, { method: "POST", body })).json()) as {
    readonly spec: { readonly id: string };
  };
  const asked = await world.call(`/v1/specs/${put.spec.id}/compile`, { method: "POST", body: "{}" });
  const { id } = (await asked.json()) as { readonly id: string };
  const build = () => world.core.views.record("gatewayBuild", id);
  await until("it is built", () => build()?.status !== "queued");
  return build()!.artifactId!;
}

let people = 0;

async function browserOf(role: OrgRole, accountId = org): Promise<PageBrowser> {
  const email = `person-${++people}@example.com`;
  const { token } = await done(world, { type: "invitation.create", accountId, email, role });
  const browser = new PageBrowser(world.api.url);
  const fields = { name: "Ada <b>Lovelace</b>", password: "correct horse battery" };
  expect((await browser.fill(`/invitations/accept?token=${token}`, fields)).status).toBe(200);
  return browser;
}

async function registered(instanceId: string, name: string): Promise<string> {
  const keyName = `key-${instanceId}`;
  const { keyId } = await done(world, { type: "gatewayKey.create", accountId: org, projectId: project, name: keyName });
  const { gatewayId } = await done(world, {
    ...{ type: "gateway.register", projectId: project, keyId, instanceId, name },
    metadata: { version: "1.2.3", hostname: "edge-1" },
  });
  return gatewayId;
}

/** Sends the form of the page that asks for an action, with the fields that it has. */
async function press(browser: PageBrowser, action: string, more: Record<string, string> = {}) {
  const { text } = await browser.open(path());
  const form = text.split("<form ").find((one) => one.includes(`name="action" value="${action}"`));
  if (form === undefined) throw new Error(`there is nothing to ${action}`);
  const hidden = form.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g);
  return browser.send("/gateways", { ...Object.fromEntries(Array.from(hidden, ([, n, v]) => [n!, v!])), ...more });
}

const deployments = () => [...world.core.views.records("gatewayDeployment")];

describe("the pages of gateways", () => {
  test("ask who it is, and come back", async () => {
    const answer = await new PageBrowser(world.api.url).open(path());
    expect([answer.status, answer.location]).toEqual([303, `/login?next=${encodeURIComponent(path())}`]);
  });

  test("R26: show which gateways are there, what each serves and how it does", async () => {
    const browser = await browserOf("readonly");
    expect((await browser.open("/gateways")).text).toContain("none yet");
    const gatewayId = await registered("instance-shown", "edge <1>");
    const listed = await browser.open("/gateways");
    expect(listed.text).toContain(`<a href="${path()}">shop</a>`);
    expect(listed.text).toContain("0 of 1 connected");
    const digest = `sha256:${"ab".repeat(32)}`;
    const { gatewayPresence } = world.core;
    gatewayPresence.connected({ gatewayId, projectId: project, servedDigest: digest }, Date.now());
    const health = {
      ...{ requests_total: 4711, errors_total: 12, p50_ms: 1.25, p99_ms: 8, memory_bytes: 1, event_loop_lag_ms: 0 },
    };
    gatewayPresence.heard(gatewayId, { health, servedDigest: digest, uptimeSeconds: 1 }, Date.now());
    const { text } = await browser.open(path());
    for (const shown of ["edge &lt;1&gt;", "online", "abababababab", "1.2.3", "4711", ">12<", "1.25 ms", "8 ms"]) {
      expect(text).toContain(shown);
    }
    expect((await browser.open("/gateways")).text).toContain("1 of 1 connected");
    // Whoever may only look is offered nothing else.
    expect(text).not.toContain("<form");
    gatewayPresence.disconnected(gatewayId, Date.now());
    expect((await browser.open(path())).text).toContain(">offline<");
  });

  test("R35: deploy, go back by one click, halt and go on", async () => {
    const browser = await browserOf("owner");
    const first = await press(browser, "deploy", { artifact: artifacts[0]!, strategy: "at-once" });
    expect([first.status, first.location]).toEqual([303, path()]);
    expect(deployments().map(({ artifactId }) => artifactId)).toEqual([artifacts[0]!]);
    const current = () => deployments().toSorted((a, b) => b.generation - a.generation)[0]!;
    const { deploymentId } = current();
    await done(world, { type: "gatewayDeployment.complete", accountId: org, deploymentId });
    await press(browser, "deploy", { artifact: artifacts[1]!, strategy: "carefully" });
    expect(current()).toMatchObject({ artifactId: artifacts[1]!, status: "rolling", stage: 0 });
    const rolling = (await browser.open(path())).text;
    expect(rolling).toContain("stage 1 of 3");
    expect(rolling).toContain('<meta http-equiv="refresh" content="5">');
    await press(browser, "halt");
    expect(current().status).toBe("halted");
    await press(browser, "resume");
    expect(current().status).toBe("rolling");
    await press(browser, "rollback");
    expect(current()).toMatchObject({ artifactId: artifacts[0]!, deploymentKind: "rollback" });
    expect((await browser.open(path())).text).toContain("rolled_back");
  });

  test("what was uploaded is told apart, and is not deployed when nobody is trusted who has signed it", async () => {
    const digest = (of: string) => `sha256:${of.repeat(64)}`;
    const uploaded = async (content: string, verified: boolean): Promise<string> => {
      const artifact = {
        digest: digest("d"),
        contentDigest: digest(content),
        sizeBytes: 1,
        compiler: "1",
        operations: 1,
      };
      const signatures = [{ keyId: "ab".repeat(32), verified }];
      const command = { type: "gatewayArtifact.upload", accountId: org, projectId: project } as const;
      return (await done(world, { ...command, artifact, signatures, uploadedBy: "program:bsp_1" })).artifactId;
    };
    const [claimed] = [await uploaded("1", false), await uploaded("2", true)];
    const browser = await browserOf("owner");
    const { text } = await browser.open(path());
    expect(text).toMatch(/1 operation, [^<]* old, uploaded<\/option>/);
    expect(text).toMatch(/1 operation, [^<]* old, uploaded, signed by abababab<\/option>/);
    const publicKey = String(generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }));
    const trusting = {
      type: "gatewayTrustedKey.put",
      accountId: org,
      projectId: project,
      name: "ci",
      publicKey,
    } as const;
    const { trustedKeyId } = await done(world, trusting);
    const before = deployments().length;
    const refused = await press(browser, "deploy", { artifact: claimed, strategy: "at-once" });
    expect([refused.status, deployments().length]).toEqual([409, before]);
    expect(refused.text).toContain("no key that the project trusts (ci)");
    await done(world, { type: "gatewayTrustedKey.delete", accountId: org, trustedKeyId });
  });

  test("a gateway is taken away", async () => {
    const browser = await browserOf("owner");
    const gatewayId = await registered("instance-removed", "gone");
    const { text } = await browser.open(path());
    const proof = /name="proof" value="([^"]+)"/.exec(text)![1]!;
    const answer = await browser.send("/gateways", { proof, project, action: "remove", gateway: gatewayId });
    expect(answer.status).toBe(303);
    expect(world.core.views.record("gateway", gatewayId)).toBeUndefined();
    const again = await browser.send("/gateways", { proof, project, action: "remove", gateway: gatewayId });
    expect([again.status, again.text.includes('role="alert"')]).toEqual([404, true]);
  });

  test("whoever may not is refused, and what is another's is as if there were none", async () => {
    const reader = await browserOf("readonly");
    const { text } = await (await browserOf("owner")).open(path());
    expect(text).toContain("Deploy");
    // The proof is that of the browser, from any page of ours.
    const proof = /name="proof" value="([^"]+)"/.exec((await reader.open("/logout")).text)![1]!;
    const before = deployments().length;
    for (const action of ["deploy", "rollback", "halt", "resume", "remove"]) {
      const answer = await reader.send("/gateways", { proof, project, action, artifact: artifacts[0]! });
      expect(`${action} ${answer.status}`).toBe(`${action} 403`);
    }
    expect((await reader.send("/gateways", { proof, project, action: "dance" })).status).toBe(400);
    expect(deployments().length).toBe(before);
    const stranger = await browserOf("owner", await newOrg(world));
    const foreign = await stranger.open(path());
    expect([foreign.status, foreign.text.includes("no such project")]).toEqual([404, true]);
    expect((await stranger.open("/gateways?project=prj_none")).status).toBe(404);
    expect((await stranger.open("/gateways")).text).not.toContain(">shop<");
    const own = /name="proof" value="([^"]+)"/.exec((await stranger.open("/logout")).text)![1]!;
    expect((await stranger.send("/gateways", { proof: own, project, action: "halt" })).status).toBe(404);
  });

  test("a form that was made nowhere here is refused", async () => {
    const browser = await browserOf("owner");
    const answer = await browser.send("/gateways", { proof: "x", project, action: "deploy", artifact: artifacts[0]! });
    expect(answer.text).toContain("This form is too old.");
  });
});
