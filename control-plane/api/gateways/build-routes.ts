/** Builds, and the artifacts that they make. */
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
import { DONE, done } from "../orgs/shared.ts";
import type { OrgCall, OrgRoute } from "../route.ts";
import { count, moment, object, text } from "../schemas.ts";
import * as present from "./present.ts";
import {
  ARTIFACT,
  artifactAt,
  BUILD,
  BUILT_REVISION,
  boolean,
  buildAt,
  digest,
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
const ARTIFACT_RECORD = recordSchema(
  "GatewayArtifact",
  {
    org_id: text,
    project_id: text,
    digest,
    size_bytes: count,
    compiler: { ...text, description: "Version of the compiler." },
    operations: count,
    build_id: text,
    revisions: listOf(BUILT_REVISION),
    commit: text,
    source: text,
  },
  ["commit", "source"],
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
  reads({
    method: "GET",
    path: `${PROJECT}/artifacts`,
    operationId: "listArtifacts",
    summary: "Lists the artifacts of a project.",
    scope: "gateways:read",
    query: PAGE,
    answer: answerOf(listSchema(ARTIFACT_RECORD), "The newest first."),
    problems: ["NoSuchResource"],
    handle(call, environment) {
      const { projectId } = projectAt(call, environment);
      const artifacts = environment.core.views.inGroup("gatewayArtifact", groups.ofProject(projectId));
      const ordered = newest(artifacts, ({ artifactId }) => artifactId);
      return page(call, ordered, ({ artifactId }) => artifactId, present.artifact);
    },
  }),
  reads({
    method: "GET",
    path: ARTIFACT,
    operationId: "getArtifact",
    summary: "Shows an artifact: what it was made of, and by which compiler.",
    scope: "gateways:read",
    answer: answerOf(ARTIFACT_RECORD, "The artifact."),
    problems: ["NoSuchResource"],
    handle: (call, environment) => json(present.artifact(artifactAt(call, environment))),
  }),
  writes({
    method: "DELETE",
    path: ARTIFACT,
    operationId: "deleteArtifact",
    summary: "Deletes an artifact that no gateway shall serve.",
    scope: "gateways:write",
    answer: DONE,
    problems: ["NoSuchResource", "ResourceInUse"],
    async handle(call, environment) {
      const { accountId, artifactId } = artifactAt(call, environment);
      await execute(call, environment, { type: "gatewayArtifact.delete", accountId, artifactId });
      return done();
    },
  }),
  reads({
    method: "GET",
    path: `${ARTIFACT}/download`,
    operationId: "downloadArtifact",
    summary: "Gives an artifact as the file that gateways run.",
    description:
      "`ETag` and `Digest-Of-Artifact` say the digest of the artifact; `Repr-Digest` that of the bytes (RFC 9530). By its short path it is also open to gateways of the project, with a key that has the scope `artifact:read`.",
    scope: "gateways:read",
    answer: {
      status: 200,
      contentType: "application/octet-stream",
      schema: { type: "string", format: "binary" },
      description: "The artifact.",
    },
    problems: ["NoSuchResource"],
    handle: download,
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

async function download(call: OrgCall, environment: ApiEnvironment): Promise<HttpResponse> {
  const artifact = artifactAt(call, environment);
  const etag = `"${artifact.digest}"`;
  const base64 = Buffer.from(artifact.contentDigest.slice("sha256:".length), "hex").toString("base64");
  const headers: readonly [string, string][] = [
    ["etag", etag],
    ["digest-of-artifact", artifact.digest],
    ["repr-digest", `sha-256=:${base64}:`],
    // Behind a key: no proxy keeps it for others. What is at this address never changes.
    ["cache-control", "private, max-age=31536000, immutable"],
  ];
  if (matches(call.request.headers.get("if-none-match"), etag)) return { status: 304, headers };
  const content = found(await environment.core.gatewayBlobs.stream(artifact.contentDigest), "artifact");
  return {
    status: 200,
    headers: [
      ...headers,
      ["content-type", "application/octet-stream"],
      ["content-disposition", `attachment; filename="${artifact.artifactId}.bca"`],
    ],
    body: content.parts,
    contentLength: content.sizeBytes,
  };
}

/** RFC 9110 §13.1.2. */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(",").some((one) => one.trim() === "*" || one.trim().replace(/^W\//, "") === etag);
}
