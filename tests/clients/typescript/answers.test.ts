/** What the types say is what is answered: every operation that reads, and those that change, on a cloud where something runs. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BiplaneClient } from "../../../clients/typescript/src/index.ts";
import { type Cloud, createCloud } from "../../support/cloud.ts";
import { until } from "../../support/until.ts";
import { type CheckedClient, checkedClient } from "./checked-client.ts";
import { isOfGateways } from "./gateway-operations.ts";

const cloud: Cloud = createCloud();
const app = mkdtempSync(join(tmpdir(), "biplane-answers-"));
let checked: CheckedClient;
let client: BiplaneClient;
let org: string;
/** The environment of the app that runs. */
let place: { readonly org: string; readonly app: string; readonly env: string };

const PROGRAM = `import { createServer } from "node:http";
console.log("it begins");
createServer((_, response) => response.end("hello")).listen(Number(process.env.PORT));
`;

beforeAll(async () => {
  await cloud.start("up", "--port", "0");
  checked = await checkedClient(await cloud.environment());
  ({ client, org } = checked);
  place = { org, app: "notes", env: "production" };
  writeFileSync(join(app, "server.mjs"), PROGRAM);
  writeFileSync(
    join(app, "biplane.toml"),
    `schema_version = "v1"
app = { name = "notes" }
volumes = [{ name = "store", size = "1Gi" }]
[processes.web]
command = [${JSON.stringify(process.execPath)}, "server.mjs"]
ports = [{ internal = 8080 }]
resources = { memory = "128Mi" }
mounts = [{ volume = "store", path = "/data" }]
`,
  );
  const deployed = await cloud.cli("deploy", app);
  if (deployed.code !== 0) throw new Error(deployed.stdout + deployed.stderr);
}, 120_000);

afterAll(async () => {
  await cloud.dispose();
  rmSync(app, { recursive: true, force: true });
});

const all = async <Item>(items: AsyncGenerator<Item>): Promise<readonly Item[]> => Array.fromAsync(items);

describe("answers are as they are described", () => {
  test("of apps and what they run as", async () => {
    const [release] = await all(client.releases.listAll({ org, app: "notes" }));
    expect(await client.releases.get({ org, app: "notes", release: "1" })).toEqual(release!);
    const [deploy] = await all(client.deploys.listAll(place));
    expect(deploy!.release_id).toBe(release!.id);
    expect(await client.deploys.get({ ...place, deploy: deploy!.id })).toEqual(deploy!);
    await client.releases.startUpload({ org, app: "notes" });
    const project = await client.projects.create({ org, body: { name: "all" } });
    await client.projects.update({ org, project: project.id, body: { name: "everything" } });
    await client.projects.get({ org, project: project.id });
    expect(await all(client.projects.listAll({ org }))).toHaveLength(1);
    await client.apps.update({ org, app: "notes", body: { project_id: project.id, description: "Notes." } });
    expect((await client.apps.get({ org, app: "notes" })).project_id).toBe(project.id);
    await client.apps.update({ org, app: "notes", body: { project_id: null, description: null } });
    await client.projects.delete({ org, project: project.id });
    const own = await client.projects.createOwn({ org, body: { name: "own" } });
    await client.projects.updateById({ project: own.id, body: { name: "mine" } });
    expect(await client.projects.getById({ project: own.id })).toMatchObject({ org_id: org, name: "mine" });
    expect(await all(client.projects.listAllOwn({ org }))).toHaveLength(1);
    await client.projects.deleteById({ project: own.id });
    await client.apps.create({ org, body: { name: "gone" } });
    expect(await all(client.apps.listAll({ org }))).toHaveLength(2);
    await client.apps.delete({ org, app: "gone" });
    expect(await all(client.envs.listAll({ org, app: "notes" }))).toHaveLength(1);
    await client.envs.get(place);
  });

  test("of how they are", async () => {
    const status = await client.envs.getStatus(place);
    expect(status.processes.map(({ process_type }) => process_type)).toEqual(["web"]);
    expect(status.last_deploy?.status).toBe("succeeded");
    await client.envs.explain(place);
    const [instance] = await all(client.instances.listAll(place));
    expect(await client.instances.get({ ...place, instance: instance!.id })).toMatchObject({ id: instance!.id });
    await until("the program's line is there", async () => {
      const { items } = await client.logs.read(place);
      return items.some(({ line }) => line === "it begins");
    });
    for await (const said of client.logs.follow(place)) {
      expect(checked.description.problemsOf(checked.operation("followLogs"), said)).toEqual([]);
      if ("line" in said && said.line === "it begins") break;
    }
    await client.instances.createExecSession({ ...place, instance: instance!.id, body: { command: ["true"] } });
    await client.instances.restart({ ...place, instance: instance!.id });
  });

  test("of scale, routes and secrets", async () => {
    const { resource_version } = await client.envs.getScale(place);
    const processes = [{ process_type: "web", desired: 0 }];
    await client.envs.setScale({ ...place, body: { processes, expected_version: resource_version } });
    await client.envs.restart({ ...place, body: {} });
    const route = await client.routes.create({
      ...place,
      body: { protocol: "tcp_raw", listen_port: 20_000, backend_process_type: "web", backend_port: 8080 },
    });
    await client.routes.get({ ...place, route: route.id });
    await client.routes.update({
      ...place,
      route: route.id,
      body: { proxy_protocol: "v2", backend_expects_proxy_protocol: true },
    });
    expect((await all(client.routes.listAll(place))).length).toBeGreaterThan(1);
    await client.routes.delete({ ...place, route: route.id });
    expect((await client.secrets.get(place)).bundle_id).toBeNull();
    await client.secrets.confirmNone(place);
    const { resource_version: version } = await client.secrets.change({ ...place, body: { values: { A: "1" } } });
    await client.secrets.change({ ...place, body: { values: { A: null, B: "2" }, expected_version: version } });
    expect((await client.secrets.get(place)).keys).toEqual(["B"]);
    await client.secrets.set({ ...place, body: { data: "# BIPLANE_SECRETS_V1\nC=3\n" } });
    const scaled = await client.envs.create({ org, app: "notes", body: { name: "staging" } });
    await client.envs.update({ org, app: "notes", env: scaled.id, body: { name: "tests" } });
    await client.envs.delete({ org, app: "notes", env: "tests" });
  });

  test("of deploys that are taken back", async () => {
    const release = (await client.releases.get({ org, app: "notes", release: "1" })).id;
    await client.deploys.create({ ...place, body: { release_id: release } });
    await until("the deploy has ended", async () => {
      const { items } = await client.deploys.list({ ...place, limit: 1 });
      return items[0]!.finished_at !== undefined;
    });
    await client.deploys.createRollback({ ...place, body: { release_id: release } });
  });

  test("of volumes and their copies", async () => {
    const [attachment] = await all(client.volumes.listAllAttachments(place));
    const volumes = await all(client.volumes.listAll({ org }));
    expect(volumes.map(({ id }) => id)).toEqual([attachment!.volume_id]);
    const volume = await client.volumes.create({ org, body: { name: "more", size_bytes: 2 ** 30 } });
    const at = { org, volume: volume.id };
    await until("the volume is there", async () => (await client.volumes.get(at)).state === "available");
    const body = { volume_id: volume.id, process_type: "worker", mount_path: "/more" };
    const attached = await client.volumes.attach({ ...place, body });
    await client.volumes.detach({ ...place, attachment: attached.id });
    const snapshot = await client.snapshots.create({ ...at, body: { note: "Before." } });
    await until("the copy is made", async () => {
      const { status, failed_reason } = await client.snapshots.get({ ...at, snapshot: snapshot.id });
      if (status === "failed") throw new Error(failed_reason);
      return status === "succeeded";
    });
    expect(await all(client.snapshots.listAll(at))).toHaveLength(1);
    const { restore } = await client.volumes.restore({ ...at, body: { snapshot_id: snapshot.id } });
    await until("it is restored", async () => {
      return (await client.volumes.getRestore({ org, restore: restore.id })).status === "succeeded";
    });
    await client.snapshots.delete({ ...at, snapshot: snapshot.id });
    await client.volumes.delete({ ...at, body: {} });
  }, 60_000);

  test("of orgs, members and programs", async () => {
    await client.orgs.create({ body: { name: "another" } });
    await client.orgs.list();
    await client.orgs.get({ org });
    await client.orgs.change({ org, body: { name: "renamed" } });
    await client.members.list({ org });
    const { invitationId } = await client.invitations.invite({
      org,
      body: { email: "b@example.test", role: "developer" },
    });
    expect((await client.invitations.list({ org })).items).toHaveLength(1);
    await client.invitations.revoke({ org, invitation: invitationId });
    const scopes = ["apps:read"] as const;
    const { principalId, clientSecret } = await client.servicePrincipals.create({
      org,
      body: { name: "ci", role: "readonly", scopes },
    });
    const program = { org, principal: principalId };
    await client.servicePrincipals.change({ ...program, body: { name: "builds" } });
    const { access_token } = await client.auth.getToken({
      body: { grant_type: "client_credentials", client_id: principalId, client_secret: clientSecret },
    });
    await client.auth.revokeToken({ body: { token: access_token } });
    await client.auth.startDevice({ body: { client_name: "A test" } });
    await client.servicePrincipals.rotate(program);
    await client.servicePrincipals.get(program);
    await client.servicePrincipals.list({ org });
    await client.servicePrincipals.delete(program);
    await client.people.list();
    await client.auth.whoAmI();
    await client.quotas.get({ org });
    await client.quotas.set({ account: org, body: { limits: { apps: 50, envs: null } } });
  });

  test("of records", async () => {
    const { accounts, users, roles, accessKeys, buckets, queues, tables, dataPlanes } = client;
    for (const group of [accounts, users, roles, accessKeys, buckets, queues, tables, dataPlanes]) {
      await group.list({ limit: 5 });
    }
    for (const group of [users, roles, accessKeys, buckets, queues, tables]) await group.listInOrg({ org, limit: 5 });
    const made = await client.commands.execute({
      body: { type: "user.create", accountId: org, name: "someone", path: "/", sections: {} },
    });
    expect(made.eventId).toBeGreaterThan(0);
    expect((await all(users.listAllInOrg({ org }))).map(({ name }) => name)).toEqual(["someone"]);
  });

  test("of the cloud, its nodes and its history", async () => {
    await client.cloud.liveness();
    await client.cloud.readiness();
    expect(await client.cloud.metrics()).toContain("# TYPE");
    await client.cloud.status();
    const { items } = await client.nodes.list();
    await client.nodes.get({ node: items[0]!.id });
    await client.nodes.update({ node: items[0]!.id, body: { intent: "active" } });
    await client.edges.list();
    await client.events.read({ limit: 1_000 });
    await client.events.readInOrg({ org, limit: 1_000 });
    await client.audit.query();
    await client.audit.queryInOrg({ org });
    await client.audit.head();
    expect((await client.audit.verify()).sound).toBe(true);
    for await (const entry of client.audit.tail({ after: 0 })) {
      expect(checked.description.problemsOf(checked.operation("tailAudit"), entry)).toEqual([]);
      break;
    }
    await client.operations.inspectAggregate({ type: "node", aggregate: items[0]!.id });
    expect((await client.operations.verifyViews()).sound).toBe(true);
    await client.operations.rebuildViews({ body: {} });
    await client.operations.getRebuildProgress();
    await client.operations.listFindings();
    await client.operations.recordDrill({ body: { backup: "b1", passed: true, detail: "Good.", events: 3 } });
    await client.operations.listDrills();
    await client.secretKeys.list();
    await client.secretKeys.rotate();
    await client.secretKeys.rewrapSecrets();
  });

  test("every one of them", () => {
    expect(checked.problems).toEqual([]);
    const left = checked.description.operations.filter(
      (operation) => !isOfGateways(operation) && !checked.answered.has(operation.operationId),
    );
    // What needs a person who has signed in, or ends what the other tests need; the tests of the API call these.
    expect(left.map(({ operationId }) => operationId)).toMatchInlineSnapshot(`
      [
        "remediate",
        "pollDevice",
        "approveDevice",
        "refreshToken",
        "listTokens",
        "createToken",
        "revokeTokenById",
        "listSessions",
        "endSession",
        "createPasswordLink",
        "leaveOrg",
        "changeMember",
        "removeMember",
        "revokeMemberSessions",
        "acceptInvitation",
        "getAwsCredentials",
        "createRelease",
        "removeNode",
        "openApi",
      ]
    `);
  });
});
