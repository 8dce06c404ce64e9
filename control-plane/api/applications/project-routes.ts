/** Projects: under their org, and by short paths that name none. */
import { owned } from "#control-plane/applications";
import { type CommandOf, groups } from "#control-plane/events";
import { json } from "#foundation/http";
import { readMembers } from "../body.ts";
import { execute } from "../execute.ts";
import { DONE, done } from "../orgs/shared.ts";
import type { OrgRoute, Route } from "../route.ts";
import { object, text } from "../schemas.ts";
import { foundById, inCallersOrg } from "../short-paths.ts";
import * as present from "./present.ts";
import {
  answerOf,
  byName,
  EXPECTED_VERSION,
  found,
  listSchema,
  PAGE,
  page,
  RECORD_PROBLEMS,
  reads,
  recordSchema,
  renamed,
  writes,
} from "./shared.ts";

const PROJECTS = "/v1/orgs/{org}/projects";
const PROJECT = recordSchema("Project", { org_id: text, name: text });
const NEW_PROJECT = object({ name: text });
const PROJECT_CHANGES = object({ name: text, expected_version: EXPECTED_VERSION }, ["name", "expected_version"]);
const NAMES = { name: "name", expected_version: "expectedVersion" };

const LONG: readonly OrgRoute[] = [
  reads({
    method: "GET",
    path: PROJECTS,
    operationId: "listProjects",
    summary: "Lists the org's projects.",
    scope: "orgs:read",
    query: PAGE,
    answer: answerOf(listSchema(PROJECT), "By name."),
    handle(call, { core }) {
      const projects = [...core.views.inGroup("project", groups.ofAccount(call.org.accountId))].sort(byName);
      return page(call, projects, ({ projectId }) => projectId, present.project);
    },
  }),
  writes({
    method: "POST",
    path: PROJECTS,
    operationId: "createProject",
    summary: "Makes a project: a name under which apps are found together.",
    scope: "apps:write",
    requestBody: NEW_PROJECT,
    answer: answerOf(PROJECT, "The project.", 201),
    problems: RECORD_PROBLEMS,
    async handle(call, environment) {
      const given = await readMembers(call.request, NEW_PROJECT);
      const command = { type: "project.create", accountId: call.org.accountId, ...given };
      const { projectId } = await execute(call, environment, command as CommandOf<"project.create">);
      return json(present.project(environment.core.views.record("project", projectId)!), 201);
    },
  }),
  reads({
    method: "GET",
    path: `${PROJECTS}/{project}`,
    operationId: "getProject",
    summary: "Shows a project.",
    scope: "orgs:read",
    answer: answerOf(PROJECT, "The project."),
    problems: ["NoSuchResource"],
    handle: ({ org, params }, { core }) =>
      json(present.project(found(owned(core.views, "project", org.accountId, params.project!), "project"))),
  }),
  writes({
    method: "PATCH",
    path: `${PROJECTS}/{project}`,
    operationId: "updateProject",
    summary: "Renames a project.",
    scope: "apps:write",
    requestBody: PROJECT_CHANGES,
    answer: answerOf(PROJECT, "The project."),
    problems: RECORD_PROBLEMS,
    async handle(call, environment) {
      const given = renamed(await readMembers(call.request, PROJECT_CHANGES), NAMES);
      const { accountId } = call.org;
      const projectId = call.params.project!;
      const command = { type: "project.update", accountId, projectId, ...given };
      await execute(call, environment, command as CommandOf<"project.update">);
      return json(present.project(environment.core.views.record("project", projectId)!));
    },
  }),
  writes({
    method: "DELETE",
    path: `${PROJECTS}/{project}`,
    operationId: "deleteProject",
    summary: "Deletes a project that has no apps and no API gateways.",
    scope: "apps:write",
    answer: DONE,
    problems: ["NoSuchResource", "ResourceInUse"],
    async handle(call, environment) {
      const { accountId } = call.org;
      await execute(call, environment, { type: "project.delete", accountId, projectId: call.params.project! });
      return done();
    },
  }),
];

const SHORT = {
  long: `${PROJECTS}/{project}`,
  short: "/v1/projects/{project}",
  kind: "project",
  parameter: "project",
} as const;

export const PROJECT_ROUTES: readonly Route[] = [
  ...LONG,
  ...LONG.map((route) => (route.path === PROJECTS ? inCallersOrg(route) : foundById(route, SHORT))),
];
