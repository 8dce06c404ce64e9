/** Apps and environments. */
import { type CommandOf, groups } from "#control-plane/events";
import { json } from "#foundation/http";
import { readMembers } from "../body.ts";
import { execute } from "../execute.ts";
import { DONE, done } from "../orgs/shared.ts";
import type { OrgRoute } from "../route.ts";
import { count, object, text } from "../schemas.ts";
import * as present from "./present.ts";
import {
  APP,
  answerOf,
  appAt,
  byName,
  byNames,
  ENV,
  EXPECTED_VERSION,
  envAt,
  listSchema,
  PAGE,
  page,
  RECORD_PROBLEMS,
  reads,
  recordSchema,
  renamed,
  UNSCHEDULABLE,
  writes,
} from "./shared.ts";

const APP_RECORD = recordSchema("App", { org_id: text, name: text, description: text, project_id: text }, [
  "description",
  "project_id",
]);
const ENV_RECORD = recordSchema("Env", {
  org_id: text,
  app_id: text,
  name: text,
  scale: byNames(count, "By process type. One that is not named has what its manifest says (`scaling.min`)."),
  desired: byNames(object({ release_id: text, deploy_id: text }), "By process type: what shall run."),
  unschedulable: byNames(UNSCHEDULABLE, "By process type: why it cannot be placed now."),
  secrets_not_needed: { type: "boolean" },
  restarts: byNames(count, "By process type."),
});
const nullable = { type: ["string", "null"] };
const ENV_CHANGES = object({ name: text, expected_version: EXPECTED_VERSION }, ["name", "expected_version"]);
const NEW_APP = object({ name: text, description: text, project_id: text }, ["description", "project_id"]);
const APP_CHANGES = object(
  { name: text, description: nullable, project_id: nullable, expected_version: EXPECTED_VERSION },
  ["name", "description", "project_id", "expected_version"],
);
const NEW_ENV = object({ name: text });
const NAMES = {
  name: "name",
  description: "description",
  project_id: "projectId",
  expected_version: "expectedVersion",
};

export const TENANT_ROUTES: readonly OrgRoute[] = [
  reads({
    method: "GET",
    path: "/v1/orgs/{org}/apps",
    operationId: "listApps",
    summary: "Lists the org's apps.",
    scope: "apps:read",
    query: PAGE,
    answer: answerOf(listSchema(APP_RECORD), "By name."),
    handle(call, { core }) {
      const apps = [...core.views.inGroup("app", groups.ofAccount(call.org.accountId))].sort(byName);
      return page(call, apps, ({ appId }) => appId, present.app);
    },
  }),
  writes({
    method: "POST",
    path: "/v1/orgs/{org}/apps",
    operationId: "createApp",
    summary: "Makes an app.",
    scope: "apps:write",
    requestBody: NEW_APP,
    answer: answerOf(APP_RECORD, "The app.", 201),
    problems: RECORD_PROBLEMS,
    async handle(call, environment) {
      const given = renamed(await readMembers(call.request, NEW_APP), NAMES);
      const command = { type: "app.create", accountId: call.org.accountId, ...given };
      const { appId } = await execute(call, environment, command as CommandOf<"app.create">);
      return json(present.app(environment.core.views.record("app", appId)!), 201);
    },
  }),
  reads({
    method: "GET",
    path: APP,
    operationId: "getApp",
    summary: "Shows an app, named by id or name.",
    scope: "apps:read",
    answer: answerOf(APP_RECORD, "The app."),
    problems: ["NoSuchResource"],
    handle: (call, environment) => json(present.app(appAt(call, environment))),
  }),
  writes({
    method: "PATCH",
    path: APP,
    operationId: "updateApp",
    summary: "Renames an app, describes it, moves it to a project; `null` takes a member away.",
    scope: "apps:write",
    requestBody: APP_CHANGES,
    answer: answerOf(APP_RECORD, "The app."),
    problems: RECORD_PROBLEMS,
    async handle(call, environment) {
      const { appId, accountId } = appAt(call, environment);
      const given = renamed(await readMembers(call.request, APP_CHANGES), NAMES);
      const command = { type: "app.update", accountId, appId, ...given };
      await execute(call, environment, command as CommandOf<"app.update">);
      return json(present.app(environment.core.views.record("app", appId)!));
    },
  }),
  writes({
    method: "DELETE",
    path: APP,
    operationId: "deleteApp",
    summary: "Deletes an app that has no environments, with its releases.",
    scope: "apps:write",
    answer: DONE,
    problems: ["NoSuchResource", "ResourceInUse"],
    async handle(call, environment) {
      const { appId, accountId } = appAt(call, environment);
      await execute(call, environment, { type: "app.delete", accountId, appId });
      return done();
    },
  }),
  reads({
    method: "GET",
    path: `${APP}/envs`,
    operationId: "listEnvs",
    summary: "Lists the environments of an app.",
    scope: "envs:read",
    query: PAGE,
    answer: answerOf(listSchema(ENV_RECORD), "By name."),
    problems: ["NoSuchResource"],
    handle(call, environment) {
      const { appId } = appAt(call, environment);
      const envs = [...environment.core.views.inGroup("env", groups.ofApp(appId))].sort(byName);
      return page(call, envs, ({ envId }) => envId, present.env);
    },
  }),
  writes({
    method: "POST",
    path: `${APP}/envs`,
    operationId: "createEnv",
    summary: "Makes an environment.",
    scope: "envs:write",
    requestBody: NEW_ENV,
    answer: answerOf(ENV_RECORD, "The environment.", 201),
    problems: RECORD_PROBLEMS,
    async handle(call, environment) {
      const { appId, accountId } = appAt(call, environment);
      const given = await readMembers(call.request, NEW_ENV);
      const command = { type: "env.create", accountId, appId, ...given };
      const { envId } = await execute(call, environment, command as CommandOf<"env.create">);
      return json(present.env(environment.core.views.record("env", envId)!), 201);
    },
  }),
  reads({
    method: "GET",
    path: ENV,
    operationId: "getEnv",
    summary: "Shows an environment, named by id or name.",
    scope: "envs:read",
    answer: answerOf(ENV_RECORD, "The environment."),
    problems: ["NoSuchResource"],
    handle: (call, environment) => json(present.env(envAt(call, environment))),
  }),
  writes({
    method: "PATCH",
    path: ENV,
    operationId: "updateEnv",
    summary: "Renames an environment.",
    scope: "envs:write",
    requestBody: ENV_CHANGES,
    answer: answerOf(ENV_RECORD, "The environment."),
    problems: RECORD_PROBLEMS,
    async handle(call, environment) {
      const { envId, accountId } = envAt(call, environment);
      const given = renamed(await readMembers(call.request, ENV_CHANGES), NAMES);
      const command = { type: "env.update", accountId, envId, ...given };
      await execute(call, environment, command as CommandOf<"env.update">);
      return json(present.env(environment.core.views.record("env", envId)!));
    },
  }),
  writes({
    method: "DELETE",
    path: ENV,
    operationId: "deleteEnv",
    summary: "Deletes an environment: its routes, attachments and secrets go at once, its instances are drained.",
    scope: "envs:write",
    answer: DONE,
    problems: ["NoSuchResource"],
    async handle(call, environment) {
      const { envId, accountId } = envAt(call, environment);
      await execute(call, environment, { type: "env.delete", accountId, envId });
      return done();
    },
  }),
];
