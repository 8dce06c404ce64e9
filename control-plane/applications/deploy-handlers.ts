/** Deploys and scaling: what shall run, and how much of it. */
import type { AppRecord, DeployRecord, DesiredRelease, EnvRecord, ReleaseRecord } from "#contracts";
import {
  type CatalogReader,
  type CommandHandlers,
  groups,
  type NewEvent,
  type Refusal,
  refuse,
} from "#control-plane/events";
import type { ApplicationDependencies } from "./dependencies.ts";
import { attachmentsOf, costOf, desiredCount, noSuch, owned, processOf, versionProblem } from "./find.ts";
import {
  INSTANCE_DIMENSIONS,
  type InstanceUsage,
  instanceUsage,
  quotaExceeded,
  quotaLimits,
  quotaProblem,
} from "./quotas.ts";
import { quotaOf, routeCreated } from "./route-handlers.ts";
import { conflictOf, routeMembers, routesOfManifest } from "./route-rules.ts";

/** Instances of one process type. */
const SCALE_MAX = 1_000;

export function createDeployHandlers({
  newId,
  now,
}: ApplicationDependencies): CommandHandlers<"deploy.create" | "env.scale"> {
  return {
    "deploy.create"(command, views) {
      const { accountId, envId, deployKind, releaseId } = command;
      const env = owned(views, "env", accountId, envId);
      const app = env === undefined ? undefined : owned(views, "app", accountId, env.appId);
      if (env === undefined || app === undefined) return noSuch("environment");
      const release = owned(views, "release", accountId, releaseId);
      if (release === undefined || release.appId !== app.appId) return noSuch("release of this app");
      const all = Object.keys(release.manifest.processes);
      const processTypes = [...new Set(command.processTypes ?? all)];
      const unknown = processTypes.find((type) => !all.includes(type));
      if (unknown !== undefined) {
        return refuse(
          "ValidationFailed",
          `processTypes: release ${release.number} has no process ${JSON.stringify(unknown)}; it has ${all.join(", ")}`,
        );
      }
      if (processTypes.length === 0) return refuse("ValidationFailed", "processTypes must name one process at least");
      const blocked =
        secretsProblem(views, env, release, processTypes) ?? mountsProblem(views, env, release, processTypes);
      if (blocked !== undefined) return blocked;
      const deployId = newId("dep_");
      const desired = nextDesired(env, release, processTypes, deployId, command.processTypes === undefined);
      const after = { ...env, desired };
      const over = footprintProblem(views, env, after, accountId);
      if (over !== undefined) return over;
      const routes = routeEvents(views, app, env, release, newId);
      if ("ok" in routes) return routes;
      const payload = {
        deployId,
        accountId,
        appId: app.appId,
        envId,
        deployKind,
        releaseId,
        processTypes,
        strategy: "rolling",
        status: "queued",
      } as const;
      return {
        ok: true,
        events: [
          ...superseded(views, env, processTypes, now()),
          { type: "deploy.created", aggregateId: deployId, org: accountId, payload },
          { type: "env.desiredReleaseSet", aggregateId: envId, org: accountId, payload: { envId, desired } },
          ...routes,
        ],
        result: { deployId },
      };
    },

    "env.scale"(command, views) {
      const { accountId, envId, scale } = command;
      const env = owned(views, "env", accountId, envId);
      if (env === undefined) return noSuch("environment");
      const stale = versionProblem(env, command);
      if (stale !== undefined) return stale;
      for (const [processType, count] of Object.entries(scale)) {
        const problem = scaleProblem(views, env, processType, count);
        if (problem !== undefined) return refuse("ValidationFailed", problem);
      }
      const next = { ...env.scale, ...scale };
      if (Object.keys(scale).every((type) => env.scale[type] === scale[type])) {
        return { ok: true, events: [], result: {} };
      }
      const over = footprintProblem(views, env, { ...env, scale: next }, accountId);
      if (over !== undefined) return over;
      const payload = { envId, scale: next };
      return { ok: true, events: [{ type: "env.scaleSet", aggregateId: envId, org: accountId, payload }], result: {} };
    },
  };
}

/** A deploy of everything leaves nothing of the release before it. */
function nextDesired(
  env: EnvRecord,
  { releaseId }: ReleaseRecord,
  processTypes: readonly string[],
  deployId: string,
  whole: boolean,
): Readonly<Record<string, DesiredRelease>> {
  const chosen = Object.fromEntries(processTypes.map((type) => [type, { releaseId, deployId }]));
  return whole ? chosen : { ...env.desired, ...chosen };
}

/** Deploys that can finish no more, because others have taken the place of all that they were about. */
function superseded(
  views: CatalogReader,
  { envId, accountId }: EnvRecord,
  processTypes: readonly string[],
  finishedAt: number,
): readonly NewEvent[] {
  return views
    .inGroup("deploy", groups.inEnv(envId))
    .filter(({ status }) => status === "queued" || status === "rolling")
    .filter((deploy) => deploy.processTypes.every((type) => processTypes.includes(type)))
    .map(({ deployId }: DeployRecord) => ({
      type: "deploy.statusChanged",
      aggregateId: deployId,
      org: accountId,
      payload: { deployId, status: "superseded", message: "a later deploy took its place", finishedAt },
    }));
}

/** Nothing that needs secrets is deployed before there are any. */
function secretsProblem(
  views: CatalogReader,
  { envId, name }: EnvRecord,
  release: ReleaseRecord,
  processTypes: readonly string[],
): Refusal | undefined {
  const needy = processTypes.find((type) => processOf(release, type)?.secrets.required === true);
  if (needy === undefined) return undefined;
  if (views.inGroup("secretBundle", groups.inEnv(envId))[0]?.versionId !== undefined) return undefined;
  return refuse(
    "SecretsMissing",
    `The process ${needy} requires secrets, and the environment ${name} has none: set them with "biplane secrets set NAME=VALUE"`,
  );
}

function mountsProblem(
  views: CatalogReader,
  env: EnvRecord,
  release: ReleaseRecord,
  processTypes: readonly string[],
): Refusal | undefined {
  for (const type of processTypes) {
    const attached = new Set(attachmentsOf(views, env.envId, type).map(({ mountPath }) => mountPath));
    const mount = processOf(release, type)?.mounts.find(({ path }) => !attached.has(path));
    if (mount === undefined) continue;
    return refuse(
      "ValidationFailed",
      `processes.${type}.mounts: nothing is attached at ${mount.path}. Make the volume and attach it: "biplane volumes create ${mount.volume}", "biplane volumes attach ${mount.volume} --process ${type} --path ${mount.path}"`,
    );
  }
  return undefined;
}

function scaleProblem(views: CatalogReader, env: EnvRecord, processType: string, count: number): string | undefined {
  const desired = Object.hasOwn(env.desired, processType) ? env.desired[processType] : undefined;
  if (desired === undefined) {
    const there = Object.keys(env.desired);
    const known = there.length === 0 ? "nothing is deployed yet" : `there are ${there.join(", ")}`;
    return `scale: nothing of the name ${JSON.stringify(processType)} is deployed; ${known}`;
  }
  const release = views.record("release", desired.releaseId);
  const { min, max } = (release === undefined ? undefined : processOf(release, processType)?.scaling) ?? {
    min: 0,
    max: 0,
  };
  // A manifest that says no more than how many there shall be does not bind those who scale.
  const most = max > min ? max : SCALE_MAX;
  if (count > most)
    return `scale.${processType} must be from 0 to ${most}${most === max ? ", the manifest's scaling.max" : ""}`;
  if (count > 1 && attachmentsOf(views, env.envId, processType).length > 0) {
    return `scale.${processType} must be 0 or 1: it has volumes, and a volume has one writer (volume_constraints_invalid)`;
  }
  return undefined;
}

const footprints = new WeakMap<EnvRecord, InstanceUsage>();

/** What an environment will use when all of it runs; worked out once for each record: the releases that it wants never change, and stay as long as they are wanted. */
function footprint(views: CatalogReader, env: EnvRecord): InstanceUsage {
  let usage = footprints.get(env);
  if (usage === undefined) {
    usage = workOutFootprint(views, env);
    footprints.set(env, usage);
  }
  return usage;
}

function workOutFootprint(views: CatalogReader, env: EnvRecord): InstanceUsage {
  const usage = { max_instances: 0, total_memory_bytes: 0, total_cpu_millis: 0 };
  for (const [type, { releaseId }] of Object.entries(env.desired)) {
    const release = views.record("release", releaseId);
    if (release === undefined || processOf(release, type) === undefined) continue;
    const count = desiredCount(env, release, type);
    const { memoryBytes, cpuMillis } = costOf(release, type);
    usage.max_instances += count;
    usage.total_memory_bytes += count * memoryBytes;
    usage.total_cpu_millis += count * cpuMillis;
  }
  return usage;
}

/** What would come on top of what the org's environments want already; less than before is never refused. */
function footprintProblem(
  views: CatalogReader,
  before: EnvRecord,
  after: EnvRecord,
  accountId: EnvRecord["accountId"],
): Refusal | undefined {
  const [now, then] = [footprint(views, before), footprint(views, after)];
  const limits = quotaLimits(views, accountId);
  let [wanted, used]: [InstanceUsage | undefined, InstanceUsage | undefined] = [undefined, undefined];
  for (const dimension of INSTANCE_DIMENSIONS) {
    const delta = then[dimension] - now[dimension];
    if (delta <= 0) continue;
    wanted ??= wantedOf(views, accountId);
    used ??= instanceUsage(views, accountId);
    const usage = Math.max(wanted[dimension], used[dimension]);
    if (usage + delta > limits[dimension]) return quotaExceeded(dimension, limits[dimension], usage, delta);
  }
  return undefined;
}

/** What all environments of an org want: two changes at once must not both count on the same room. */
function wantedOf(views: CatalogReader, accountId: EnvRecord["accountId"]): InstanceUsage {
  const total = { max_instances: 0, total_memory_bytes: 0, total_cpu_millis: 0 };
  for (const env of views.inGroup("env", groups.ofAccount(accountId))) {
    const one = footprint(views, env);
    total.max_instances += one.max_instances;
    total.total_memory_bytes += one.total_memory_bytes;
    total.total_cpu_millis += one.total_cpu_millis;
  }
  return total;
}

/** The events that make the manifest's routes which are not there yet, or the refusal of one of them. */
function routeEvents(
  views: CatalogReader,
  app: AppRecord,
  env: EnvRecord,
  release: ReleaseRecord,
  newId: ApplicationDependencies["newId"],
): readonly NewEvent[] | Refusal {
  const existing = views.inGroup("route", groups.inEnv(env.envId));
  // A route of the person's own making counts: nothing is invented beside it.
  if (release.manifest.endpoints.length === 0 && existing.length > 0) return [];
  const events: NewEvent[] = [];
  for (const asked of routesOfManifest(release.manifest, app.name, env)) {
    const members = routeMembers(asked);
    if (typeof members === "string") return refuse("ValidationFailed", `manifest endpoints: ${members}`);
    const there = existing.find(
      ({ protocol, hostname, path, listenPort }) =>
        protocol === members.protocol &&
        hostname === members.hostname &&
        path === members.path &&
        listenPort === members.listenPort,
    );
    if (there !== undefined) continue;
    const refused = conflictOf(views, env.envId, members) ?? quotaProblem(views, env.accountId, quotaOf(members));
    if (refused !== undefined) return refused;
    const { accountId, appId, envId } = env;
    events.push(routeCreated({ routeId: newId("rte_"), accountId, appId, envId, ...members }));
  }
  return events;
}
