/** What people, nodes and time do to a control plane, at random. */
import fc from "fast-check";
import type { AccountId, Command, CommandOutcome, InstanceRecord } from "#contracts";
import type { CatalogReader } from "#control-plane/events";
import { hasEnded } from "#control-plane/nodes";
import type { VirtualTime } from "#foundation/runtime";
import { manifestOf } from "./test-world.ts";

const MIB = 1024 ** 2;
/** Room for two instances of 64 MiB and their overhead; for three without it. */
export const NODE_MEMORY = 200 * MIB;
export const NODES = ["a", "b", "c"].map((name) => `nod_${name.repeat(24)}`);
export const APPS = ["shop", "blog"];
const ENVS = ["production", "staging"];

/** What a step sees of the world, and how it acts. */
export interface Stage {
  readonly account: AccountId;
  readonly views: CatalogReader;
  readonly time: VirtualTime;
  run(command: Command): Promise<CommandOutcome>;
}
export type Step = (stage: Stage) => Promise<unknown>;

const appNamed = ({ views }: Stage, name: string) => [...views.records("app")].find((app) => app.name === name);
const envOf = (stage: Stage, app: string, name: string) =>
  [...stage.views.records("env")].find((env) => env.name === name && env.appId === appNamed(stage, app)?.appId);
const oneOf = <Item>(items: Iterable<Item>, pick: number): Item | undefined => {
  const all = [...items];
  return all[pick % Math.max(1, all.length)];
};

const app = fc.constantFrom(...APPS);
const env = fc.constantFrom(...ENVS);
const pick = fc.nat(40);
const node = fc.constantFrom(...NODES);

const makeEnv: fc.Arbitrary<Step> = fc.tuple(app, env).map(([name, of]) => async (stage) => {
  const { account: accountId } = stage;
  await stage.run({ type: "app.create", accountId, name });
  const appId = appNamed(stage, name)?.appId ?? "app_none";
  await stage.run({ type: "env.create", accountId, appId, name: of });
});

/** What makes one release another than the next. */
const variant = fc.record({
  digit: fc.constantFrom("a", "b"),
  min: fc.nat(3),
  mount: fc.boolean(),
  secrets: fc.boolean(),
  port: fc.constantFrom(8080, 9090),
});

const deploy: fc.Arbitrary<Step> = fc
  .tuple(app, env, variant)
  .map(([name, of, { digit, min, mount, secrets, port }]) => async (stage) => {
    const { account: accountId } = stage;
    const found = envOf(stage, name, of);
    if (found === undefined) return;
    if (mount) await attach(stage, found.envId, found.name);
    const process = {
      scaling: mount ? { min: Math.min(1, min), max: 1 } : { min, max: 5 },
      ports: [{ internal: port }],
      ...(mount ? { mounts: [{ volume: "store", path: "/data" }] } : {}),
      ...(secrets ? { secrets: { required: true } } : {}),
    };
    const made = await stage.run({
      type: "release.create",
      accountId,
      appId: found.appId,
      artifact: { source: "directory", digest: `sha256:${digit.repeat(64)}`, sizeBytes: 10 },
      manifest: manifestOf(process, { app: { name }, ...(mount ? { volumes: [{ name: "store", size: "1Gi" }] } : {}) }),
    });
    if (!made.ok) return;
    const { releaseId } = made.result as { releaseId: string };
    await stage.run({ type: "deploy.create", accountId, envId: found.envId, deployKind: "deploy", releaseId });
  });

/** A volume of the environment's own, as `biplane deploy` makes what a manifest declares. */
async function attach(stage: Stage, envId: string, name: string): Promise<void> {
  const { account: accountId } = stage;
  const made = await stage.run({ type: "volume.create", accountId, name: `${name}-store`, sizeBytes: 1024 ** 3 });
  if (!made.ok) return;
  const { volumeId } = made.result as { volumeId: string };
  await stage.run({
    type: "volumeAttachment.create",
    accountId,
    volumeId,
    envId,
    processType: "web",
    mountPath: "/data",
  });
}

const onEnv: fc.Arbitrary<Step> = fc
  .tuple(app, env, pick, fc.constantFrom("scale", "restart", "rollback", "secrets", "route", "delete", "confirm"))
  .map(([name, of, number, what]) => async (stage) => {
    const { account: accountId, views } = stage;
    const found = envOf(stage, name, of);
    if (found === undefined) return undefined;
    const { envId, appId } = found;
    switch (what) {
      case "scale":
        return stage.run({ type: "env.scale", accountId, envId, scale: { web: number % 7 } });
      case "restart":
        return stage.run({ type: "env.restart", accountId, envId });
      case "rollback": {
        const release = oneOf(
          [...views.records("release")].filter((one) => one.appId === appId),
          number,
        );
        if (release === undefined) return undefined;
        return stage.run({
          type: "deploy.create",
          accountId,
          envId,
          deployKind: "rollback",
          releaseId: release.releaseId,
        });
      }
      case "secrets":
        return stage.run({
          type: "secrets.patch",
          accountId,
          envId,
          values: { KEY: number % 3 === 0 ? null : `value-${number}` },
        });
      case "confirm":
        return stage.run({ type: "env.confirmNoSecrets", accountId, envId });
      case "route": {
        const route = oneOf(
          [...views.records("route")].filter((one) => one.envId === envId),
          number,
        );
        if (number % 3 === 0 && route !== undefined)
          return stage.run({ type: "route.delete", accountId, routeId: route.routeId });
        const hostname = `h${number % 4}.example.test`;
        return stage.run({
          type: "route.create",
          accountId,
          envId,
          protocol: "http",
          hostname,
          processType: "web",
          port: 8080,
        });
      }
      default:
        return number % 4 === 0 ? stage.run({ type: "env.delete", accountId, envId }) : undefined;
    }
  });

const onVolume: fc.Arbitrary<Step> = fc
  .tuple(app, env, pick, fc.constantFrom("create", "attach", "detach", "delete"))
  .map(([name, of, number, what]) => async (stage) => {
    const { account: accountId, views } = stage;
    if (what === "create")
      return stage.run({ type: "volume.create", accountId, name: `vol-${number % 3}`, sizeBytes: 1024 ** 3 });
    if (what === "detach") {
      const attachment = oneOf(views.records("volumeAttachment"), number);
      if (attachment === undefined) return;
      return stage.run({ type: "volumeAttachment.delete", accountId, attachmentId: attachment.attachmentId });
    }
    const volume = oneOf(views.records("volume"), number);
    if (volume === undefined) return;
    const { volumeId } = volume;
    if (what === "delete") return stage.run({ type: "volume.delete", accountId, volumeId });
    const found = envOf(stage, name, of);
    if (found === undefined) return;
    return stage.run({
      type: "volumeAttachment.create",
      accountId,
      volumeId,
      envId: found.envId,
      processType: "web",
      mountPath: "/data",
    });
  });

const onNode: fc.Arbitrary<Step> = fc
  .tuple(node, fc.constantFrom("enroll", "drain", "disable", "activate", "offline", "online", "remove"))
  .map(([nodeId, what]) => (stage) => {
    switch (what) {
      case "enroll":
        return enroll(stage, nodeId);
      case "drain":
        return stage.run({ type: "node.setIntent", nodeId, intent: "draining" });
      case "disable":
        return stage.run({ type: "node.setIntent", nodeId, intent: "disabled" });
      case "activate":
        return stage.run({ type: "node.setIntent", nodeId, intent: "active" });
      case "remove":
        return stage.run({ type: "node.remove", nodeId });
      default:
        return stage.run({ type: "node.observe", nodeId, health: what === "offline" ? "offline" : "online" });
    }
  });

export const enroll = (stage: Stage, nodeId: string) =>
  stage.run({
    type: "node.enroll",
    nodeId,
    name: `node-${nodeId.slice(-1)}`,
    keyHash: "0".repeat(64),
    labels: {},
    allocatable: { memoryBytes: NODE_MEMORY, cpuCores: 4, diskBytes: 100 * 1024 ** 3 },
    isolation: ["process"],
    version: "0",
    architecture: "x64",
  });

const misbehave: fc.Arbitrary<Step> = fc
  .tuple(
    pick,
    node,
    fc.constantFrom("starting" as const, "ready" as const, "unready" as const, "failed" as const, "stopped" as const),
  )
  .map(([number, liar, status]) => (stage) => {
    const instance = oneOf(stage.views.records("instance"), number);
    if (instance === undefined) return Promise.resolve();
    // Sometimes it is another node that says it.
    const nodeId = number % 5 === 0 ? liar : instance.nodeId;
    return report(stage, instance, status, nodeId);
  });

function report(
  stage: Stage,
  { instanceId, nodeId }: InstanceRecord,
  status: "starting" | "ready" | "unready" | "failed" | "stopped",
  by = nodeId,
) {
  const more =
    status === "ready"
      ? { address: { host: "127.0.0.1", ports: { "8080": 30_000 } } }
      : status === "failed"
        ? ({ reason: "exited" } as const)
        : {};
  return stage.run({ type: "instance.report", nodeId: by, instanceId, status, restarts: 0, ...more });
}

/** Nodes do as they are told. */
export const obey: Step = async (stage) => {
  for (const instance of [...stage.views.records("instance")]) {
    if (hasEnded(instance)) continue;
    if (instance.desiredState !== "running") await report(stage, instance, "stopped");
    else if (instance.status !== "ready") await report(stage, instance, "ready");
  }
  for (const { volumeId, state, homeNodeId: nodeId } of [...stage.views.records("volume")]) {
    if (state === "creating") await stage.run({ type: "volume.report", nodeId, volumeId, state: "available" });
    if (state === "deleting") await stage.run({ type: "volume.report", nodeId, volumeId, state: "deleted" });
  }
};

const wait: fc.Arbitrary<Step> = fc.integer({ min: 1, max: 90 }).map(
  (seconds) =>
    ({ time }) =>
      time.advanceSettled(seconds * 1_000),
);

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: makeEnv },
  { weight: 6, arbitrary: deploy },
  { weight: 5, arbitrary: onEnv },
  { weight: 4, arbitrary: onVolume },
  { weight: 3, arbitrary: onNode },
  { weight: 3, arbitrary: misbehave },
  { weight: 6, arbitrary: fc.constant(obey) },
  { weight: 4, arbitrary: wait },
);
