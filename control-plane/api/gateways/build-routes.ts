/** Builds. */
import { BUILD_STATUSES } from "#contracts";
import { type CommandOf, groups } from "#control-plane/events";
import { type HttpResponse, json } from "#foundation/http";
import {
  answerOf,
  found,
  listSchema,
  PAGE,
  page,
  reads,
  recordSchema,
  renamed,
  writes,
} from "../applications/shared.ts";
import { readMembers } from "../body.ts";
import type { ApiEnvironment } from "../environment.ts";
import { execute } from "../execute.ts";
import { named } from "../named-schemas.ts";
import type { OrgCall, OrgRoute } from "../route.ts";
import { count, moment, object, text } from "../schemas.ts";
import * as present from "./present.ts";
import {
  BUILD,
  BUILT_REVISION,
  boolean,
  buildAt,
  listOf,
  newest,
  PROJECT,
  projectAt,
  revisionAt,
  SPEC,
  specAt,
} from "./shared.ts";

const DIAGNOSTIC = named(
  "BuildDiagnostic",
  object(
    {
      code: text,
      level: { enum: ["error", "warning", "note"] },
      message: text,
      file: text,
      line: count,
      column: count,
      pointer: { ...text, description: "JSON Pointer in the file." },
      hint: text,
    },
    ["hint"],
  ),
);
const OPTIONS = {
  upstream: { ...text, description: "Where operations go that say nothing about it." },
  allow_plaintext: { ...boolean, description: "Lets upstreams be addressed by `http:` and `ws:`." },
  commit: { ...text, description: "Provenance: which commit the descriptions are of." },
  source: { ...text, description: "Provenance: where they are from." },
};
const OPTION_NAMES = Object.keys(OPTIONS);
const BUILD_RECORD = recordSchema(
  "GatewayBuild",
  {
    org_id: text,
    project_id: text,
    revisions: listOf(BUILT_REVISION),
    options: object(OPTIONS, OPTION_NAMES),
    status: { enum: BUILD_STATUSES },
    artifact_id: text,
    diagnostics: { ...listOf(DIAGNOSTIC), description: "The first hundred, errors before others." },
    errors: count,
    warnings: count,
    message: { ...text, description: "Why it failed, where no diagnostic says it." },
    finished_at: moment,
  },
  ["artifact_id", "diagnostics", "errors", "warnings", "message", "finished_at"],
);
const COMPILE = object(
  {
    revision: { ...text, description: "Its id or number. Default: the latest." },
    additional_revisions: listOf(text),
    ...OPTIONS,
  },
  ["revision", "additional_revisions", ...OPTION_NAMES],
);
const NEW_BUILD = object(
  { revisions: { ...listOf(text), description: "Ids, of different specs." }, ...OPTIONS },
  OPTION_NAMES,
);
const RENAMED = { upstream: "upstream", allow_plaintext: "allowPlaintext", commit: "commit", source: "source" };
const PROBLEMS = ["NoSuchResource", "ValidationFailed", "LimitExceeded"];

export const BUILD_ROUTES: readonly OrgRoute[] = [
  writes({
    method: "POST",
    path: `${SPEC}/compile`,
    operationId: "compileSpec",
    summary: "Asks for a build of a spec, alone or together with revisions of others.",
    scope: "gateways:write",
    requestBody: COMPILE,
    answer: answerOf(BUILD_RECORD, "The build, which waits for its turn.", 202),
    problems: PROBLEMS,
    async handle(call, environment) {
      const { projectId } = specAt(call, environment);
      const members = await readMembers(call.request, COMPILE);
      const { revisionId } = revisionAt(call, environment, String(members.revision ?? "latest"));
      const others = members.additional_revisions ?? [];
      const revisions = Array.isArray(others) ? [revisionId, ...others] : others;
      return requested(call, environment, projectId, revisions, members);
    },
  }),
  writes({
    method: "POST",
    path: `${PROJECT}/builds`,
    operationId: "createBuild",
    summary: "Asks for a build of revisions of several specs, together.",
    scope: "gateways:write",
    requestBody: NEW_BUILD,
    answer: answerOf(BUILD_RECORD, "The build, which waits for its turn.", 202),
    problems: PROBLEMS,
    async handle(call, environment) {
      const { projectId } = projectAt(call, environment);
      const members = await readMembers(call.request, NEW_BUILD);
      return requested(call, environment, projectId, members.revisions, members);
    },
  }),
  reads({
    method: "GET",
    path: `${PROJECT}/builds`,
    operationId: "listBuilds",
    summary: "Lists the builds of a project.",
    scope: "gateways:read",
    query: PAGE,
    answer: answerOf(listSchema(BUILD_RECORD), "The newest first."),
    problems: ["NoSuchResource"],
    handle(call, environment) {
      const { projectId } = projectAt(call, environment);
      const builds = environment.core.views.inGroup("gatewayBuild", groups.ofProject(projectId));
      return page(
        call,
        newest(builds, ({ buildId }) => buildId),
        ({ buildId }) => buildId,
        present.build,
      );
    },
  }),
  reads({
    method: "GET",
    path: BUILD,
    operationId: "getBuild",
    summary: "Shows a build: how it went, and what the compiler says.",
    scope: "gateways:read",
    answer: answerOf(BUILD_RECORD, "The build."),
    problems: ["NoSuchResource"],
    handle: (call, environment) => json(present.build(buildAt(call, environment))),
  }),
];

async function requested(
  call: OrgCall,
  environment: ApiEnvironment,
  projectId: string,
  revisions: unknown,
  members: Readonly<Record<string, unknown>>,
): Promise<HttpResponse> {
  const { accountId } = call.org;
  const command = { type: "gatewayBuild.request", accountId, projectId, revisions, options: renamed(members, RENAMED) };
  const { buildId } = await execute(call, environment, command as CommandOf<"gatewayBuild.request">);
  const build = found(environment.core.views.record("gatewayBuild", buildId), "build");
  return json(present.build(build), 202, [["location", `/v1/builds/${buildId}`]]);
}
