/** Releases, and where their bytes are put; deploys, rollbacks, scale and restarts. */
import { DEPLOY_FAILURES, DEPLOY_STATUSES } from "#contracts";
import { desiredCount, owned, releasesOf } from "#control-plane/applications";
import { type CommandOf, groups } from "#control-plane/events";
import { ObjectStoreUnavailable } from "#control-plane/plans";
import { json, ProblemError } from "#foundation/http";
import { invalidBody, readMembers } from "../body.ts";
import type { ApiEnvironment } from "../environment.ts";
import { execute } from "../execute.ts";
import { named } from "../named-schemas.ts";
import { secretAnswer } from "../orgs/shared.ts";
import type { OrgCall, OrgRoute } from "../route.ts";
import { count, moment, object, text } from "../schemas.ts";
import * as present from "./present.ts";
import {
  APP,
  answerOf,
  appAt,
  ENV,
  EXPECTED_VERSION,
  envAt,
  found,
  listSchema,
  PAGE,
  page,
  reads,
  recordSchema,
  renamed,
  writes,
} from "./shared.ts";

const ARTIFACT = named(
  "Artifact",
  object(
    {
      source: { enum: ["directory", "image"] },
      digest: text,
      reference: text,
      size_bytes: count,
      resolved_digests: { type: "array", items: object({ os: text, architecture: text, digest: text }) },
    },
    ["reference", "resolved_digests"],
  ),
);
const RELEASE = recordSchema(
  "Release",
  {
    org_id: text,
    app_id: text,
    number: count,
    artifact: ARTIFACT,
    manifest: { type: "object" },
    manifest_hash: text,
    message: text,
  },
  ["message"],
);
const NEW_RELEASE = object({ artifact: ARTIFACT, manifest: { type: "object" }, message: text }, ["message"]);
const UPLOAD = named(
  "ReleaseUpload",
  object({
    endpoint: text,
    region: text,
    bucket: text,
    prefix: text,
    access_key_id: text,
    secret_access_key: text,
    session_token: text,
    expires_at: moment,
  }),
);
export const DEPLOY = recordSchema(
  "Deploy",
  {
    org_id: text,
    app_id: text,
    env_id: text,
    kind: { enum: ["deploy", "rollback"] },
    release_id: text,
    process_types: { type: "array", items: text },
    strategy: { enum: ["rolling"] },
    status: { enum: DEPLOY_STATUSES },
    message: { ...text, description: "How far it is, or why it ended, for people." },
    failed_reason: { enum: DEPLOY_FAILURES },
    finished_at: moment,
  },
  ["message", "failed_reason", "finished_at"],
);
const NEW_DEPLOY = object(
  { release_id: text, process_types: { type: "array", items: text }, strategy: { enum: ["rolling"] } },
  ["process_types", "strategy"],
);
const NEW_ROLLBACK = object({ release_id: text }, ["release_id"]);
const SCALE = named(
  "Scale",
  object({
    env_id: text,
    processes: { type: "array", items: object({ process_type: text, desired: count }) },
    resource_version: count,
  }),
);
const NEW_SCALE = object(
  {
    processes: { type: "array", items: object({ process_type: text, desired: count }) },
    expected_version: EXPECTED_VERSION,
  },
  ["expected_version"],
);
const RESTART = object({ process_types: { type: "array", items: text } }, ["process_types"]);
const DEPLOY_PROBLEMS = [
  "NoSuchResource",
  "ResourceAlreadyExists",
  "SecretsMissing",
  "QuotaExceeded",
  "ValidationFailed",
];

export const RELEASE_ROUTES: readonly OrgRoute[] = [
  reads({
    method: "GET",
    path: `${APP}/releases`,
    operationId: "listReleases",
    summary: "Lists the releases of an app.",
    scope: "releases:read",
    query: PAGE,
    answer: answerOf(listSchema(RELEASE), "The newest first."),
    problems: ["NoSuchResource"],
    handle(call, environment) {
      const { appId } = appAt(call, environment);
      return page(call, releasesOf(environment.core.views, appId), ({ releaseId }) => releaseId, present.release);
    },
  }),
  writes({
    method: "POST",
    path: `${APP}/releases`,
    operationId: "createRelease",
    summary: "Makes a release of an image whose blobs have been uploaded, and a manifest. It never changes.",
    scope: "releases:write",
    requestBody: NEW_RELEASE,
    answer: answerOf(RELEASE, "The release.", 201),
    problems: ["NoSuchResource", "ValidationFailed"],
    async handle(call, environment) {
      const { appId, accountId } = appAt(call, environment);
      const { artifact, ...given } = await readMembers(call.request, NEW_RELEASE);
      if (typeof artifact !== "object" || artifact === null) throw invalidBody("artifact must be a structure.");
      const named = renamed(artifact as Record<string, unknown>, {
        source: "source",
        digest: "digest",
        reference: "reference",
        size_bytes: "sizeBytes",
        resolved_digests: "resolvedDigests",
      });
      const command = { type: "release.create", accountId, appId, artifact: named, ...given };
      const { releaseId } = await execute(call, environment, command as unknown as CommandOf<"release.create">);
      return json(present.release(environment.core.views.record("release", releaseId)!), 201);
    },
  }),
  reads({
    method: "GET",
    path: `${APP}/releases/{release}`,
    operationId: "getRelease",
    summary: "Shows a release, named by id or number.",
    scope: "releases:read",
    answer: answerOf(RELEASE, "The release."),
    problems: ["NoSuchResource"],
    handle: (call, environment) => json(present.release(releaseAt(call, environment, call.params.release!))),
  }),
  writes({
    method: "POST",
    path: `${APP}/release-uploads`,
    operationId: "startReleaseUpload",
    summary: "Gives temporary AWS credentials with which the blobs of a release are put into the org's own bucket.",
    description:
      "Each blob is the object `<prefix>sha256/<hex digits>`. They can do nothing else, and end after an hour.",
    scope: "releases:write",
    answer: { status: 201, contentType: "application/json", schema: UPLOAD, description: "Where and how." },
    problems: ["NoSuchResource", "OBJECT_STORE_UNAVAILABLE"],
    async handle(call, environment) {
      const { accountId } = appAt(call, environment);
      try {
        const access = await environment.plans.objectAccess(accountId, { area: "upload" });
        const shown = Object.fromEntries(Object.entries(access).map(([name, value]) => [present.snake(name), value]));
        return secretAnswer({ ...shown, expires_at: new Date(access.expiresAt).toISOString() });
      } catch (error) {
        if (!(error instanceof ObjectStoreUnavailable)) throw error;
        throw new ProblemError({
          status: 503,
          code: "OBJECT_STORE_UNAVAILABLE",
          title: "The data plane that keeps objects cannot be reached now.",
          detail: `${error.message}. Try again.`,
        });
      }
    },
  }),
  reads({
    method: "GET",
    path: `${ENV}/deploys`,
    operationId: "listDeploys",
    summary: "Lists the deploys of an environment.",
    scope: "envs:read",
    query: PAGE,
    answer: answerOf(listSchema(DEPLOY), "The newest first."),
    problems: ["NoSuchResource"],
    handle(call, environment) {
      const { envId } = envAt(call, environment);
      const deploys = [...environment.core.views.inGroup("deploy", groups.inEnv(envId))].sort(
        (left, right) => right.createdAt - left.createdAt || (left.deployId < right.deployId ? 1 : -1),
      );
      return page(call, deploys, ({ deployId }) => deployId, present.deploy);
    },
  }),
  writes({
    method: "POST",
    path: `${ENV}/deploys`,
    operationId: "createDeploy",
    summary: "Replaces what runs by a release, one instance after the other, without dropping a request.",
    scope: "deploys:write",
    requestBody: NEW_DEPLOY,
    answer: answerOf(DEPLOY, "The deploy, which has just begun.", 201),
    problems: DEPLOY_PROBLEMS,
    async handle(call, environment) {
      const { release_id: release, process_types: types } = await readMembers(call.request, NEW_DEPLOY);
      return deployed(call, environment, "deploy", String(release), types);
    },
  }),
  reads({
    method: "GET",
    path: `${ENV}/deploys/{deploy}`,
    operationId: "getDeploy",
    summary: "Shows a deploy and how far it is.",
    scope: "envs:read",
    answer: answerOf(DEPLOY, "The deploy."),
    problems: ["NoSuchResource"],
    handle(call, environment) {
      const { envId, accountId } = envAt(call, environment);
      const deploy = owned(environment.core.views, "deploy", accountId, call.params.deploy!);
      return json(present.deploy(found(deploy?.envId === envId ? deploy : undefined, "deploy")));
    },
  }),
  writes({
    method: "POST",
    path: `${ENV}/rollbacks`,
    operationId: "createRollback",
    summary: "Deploys an earlier release: the one named, or else the one before that which runs.",
    scope: "rollbacks:write",
    requestBody: NEW_ROLLBACK,
    answer: answerOf(DEPLOY, "The deploy, of the kind rollback.", 201),
    problems: DEPLOY_PROBLEMS,
    async handle(call, environment) {
      const { release_id: given } = await readMembers(call.request, NEW_ROLLBACK);
      const release = given === undefined ? releaseBefore(call, environment) : String(given);
      return deployed(call, environment, "rollback", release, undefined);
    },
  }),
  reads({
    method: "GET",
    path: `${ENV}/scale`,
    operationId: "getScale",
    summary: "Says how many instances of each process there shall be.",
    scope: "envs:read",
    answer: answerOf(SCALE, "By process type."),
    problems: ["NoSuchResource"],
    handle: (call, environment) => json(scaleOf(call, environment)),
  }),
  writes({
    method: "PUT",
    path: `${ENV}/scale`,
    operationId: "setScale",
    summary: "Sets how many instances of processes there shall be; those not named stay as they are.",
    scope: "envs:write",
    requestBody: NEW_SCALE,
    answer: answerOf(SCALE, "By process type."),
    problems: ["NoSuchResource", "RevisionMismatch", "QuotaExceeded", "ValidationFailed"],
    async handle(call, environment) {
      const { envId, accountId } = envAt(call, environment);
      const { processes, expected_version: expectedVersion } = await readMembers(call.request, NEW_SCALE);
      if (!Array.isArray(processes)) throw invalidBody("processes must be a list.");
      const scale: Record<string, unknown> = {};
      for (const process of processes as readonly { readonly process_type?: unknown; readonly desired?: unknown }[]) {
        if (typeof process?.process_type !== "string") throw invalidBody("processes[].process_type must be text.");
        scale[process.process_type] = process.desired;
      }
      const command = { type: "env.scale", accountId, envId, scale, expectedVersion };
      await execute(call, environment, command as CommandOf<"env.scale">);
      return json(scaleOf(call, environment));
    },
  }),
  writes({
    method: "POST",
    path: `${ENV}/restarts`,
    operationId: "restartEnv",
    summary: "Replaces all instances of processes by new ones of the same release, one after the other.",
    scope: "deploys:write",
    requestBody: RESTART,
    answer: answerOf(object({ env_id: text }), "It has begun.", 201),
    problems: ["NoSuchResource", "ValidationFailed"],
    async handle(call, environment) {
      const { envId, accountId } = envAt(call, environment);
      const { process_types: processTypes } = await readMembers(call.request, RESTART);
      const command = { type: "env.restart", accountId, envId, processTypes };
      await execute(call, environment, command as CommandOf<"env.restart">);
      return json({ env_id: envId }, 201);
    },
  }),
];

function releaseAt(call: OrgCall, environment: ApiEnvironment, idOrNumber: string) {
  const { appId, accountId } = appAt(call, environment);
  const { views } = environment.core;
  const number = /^v?(\d{1,9})$/.exec(idOrNumber)?.[1];
  const release =
    number === undefined
      ? owned(views, "release", accountId, idOrNumber)
      : releasesOf(views, appId).find((one) => one.number === Number(number));
  return found(release?.appId === appId ? release : undefined, "release");
}

async function deployed(
  call: OrgCall,
  environment: ApiEnvironment,
  deployKind: "deploy" | "rollback",
  release: string,
  processTypes: unknown,
) {
  const { envId, accountId } = envAt(call, environment);
  const { releaseId } = releaseAt(call, environment, release);
  const command = { type: "deploy.create", accountId, envId, deployKind, releaseId, processTypes };
  const { deployId } = await execute(call, environment, command as CommandOf<"deploy.create">);
  return json(present.deploy(environment.core.views.record("deploy", deployId)!), 201);
}

/** The release that ran before the one that shall run now. @throws ProblemError 409 NO_EARLIER_RELEASE */
function releaseBefore(call: OrgCall, environment: ApiEnvironment): string {
  const env = envAt(call, environment);
  const { views } = environment.core;
  const current = new Set(Object.values(env.desired).map(({ releaseId }) => releaseId));
  const before = [...views.inGroup("deploy", groups.inEnv(env.envId))]
    .sort((left, right) => right.createdAt - left.createdAt)
    .find(({ releaseId, status }) => status === "succeeded" && !current.has(releaseId));
  if (before !== undefined) return before.releaseId;
  throw new ProblemError({
    status: 409,
    code: "NO_EARLIER_RELEASE",
    title: "There is nothing to go back to.",
    detail: "No other release has run here successfully. Name the release to go back to.",
  });
}

function scaleOf(call: OrgCall, environment: ApiEnvironment) {
  const env = envAt(call, environment);
  const processes = Object.entries(env.desired).flatMap(([processType, { releaseId }]) => {
    const release = environment.core.views.record("release", releaseId);
    if (release === undefined) return [];
    return [{ process_type: processType, desired: desiredCount(env, release, processType) }];
  });
  return { env_id: env.envId, processes, resource_version: env.revision };
}
