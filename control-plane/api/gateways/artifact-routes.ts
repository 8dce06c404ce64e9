/** Artifacts: those that builds have made, and those that were compiled elsewhere. */
import { groups } from "#control-plane/events";
import { type HttpResponse, json } from "#foundation/http";
import { answerOf, found, listSchema, PAGE, page, reads, recordSchema, writes } from "../applications/shared.ts";
import type { ApiEnvironment } from "../environment.ts";
import { execute } from "../execute.ts";
import { DONE, done } from "../orgs/shared.ts";
import type { OrgCall, OrgRoute } from "../route.ts";
import { count, object, text } from "../schemas.ts";
import * as present from "./present.ts";
import { ARTIFACT, artifactAt, BUILT_REVISION, boolean, digest, listOf, newest, PROJECT, projectAt } from "./shared.ts";
import { ARTIFACT_BYTES_MAX, UPLOAD_PROBLEMS, uploadArtifact } from "./upload-artifact.ts";

const ARTIFACT_RECORD = recordSchema(
  "GatewayArtifact",
  {
    org_id: text,
    project_id: text,
    digest: { ...digest, description: "Over everything in it but its signatures." },
    size_bytes: count,
    compiler: { ...text, description: "Version of the compiler." },
    operations: count,
    origin: { enum: ["build", "upload"], description: "Whether it was compiled here or elsewhere." },
    build_id: { ...text, description: "Of one that was compiled here." },
    revisions: { ...listOf(BUILT_REVISION), description: "None of one that was compiled elsewhere." },
    commit: text,
    source: text,
    uploaded_by: { ...text, description: "Who has uploaded it first." },
    signatures: {
      ...listOf(
        object({
          key_id: { ...text, description: "SHA-256 of the public key's DER, hexadecimal." },
          verified: {
            ...boolean,
            description: "The project trusted the key when it was uploaded, and the key has signed.",
          },
        }),
      ),
      description: "Of one that was compiled elsewhere. One that is not verified is a claim.",
    },
  },
  ["build_id", "commit", "source", "uploaded_by", "signatures"],
);

export const ARTIFACT_ROUTES: readonly OrgRoute[] = [
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
    method: "POST",
    path: `${PROJECT}/artifacts`,
    operationId: "uploadArtifact",
    summary: "Uploads an artifact that was compiled elsewhere, as the file that it is.",
    description: `Everything in it is verified before any of it is kept: its checksums, that gateways of this version can use it, and, where the project trusts keys, that one of them has signed it. ${ARTIFACT_BYTES_MAX} bytes at most. \`Content-Digest\` and \`Repr-Digest\` (RFC 9530, \`sha-256\`) are held against what comes. The same file again is the same artifact: 200 instead of 201.`,
    scope: "gateways:write",
    headers: { "Content-Digest": "RFC 9530, `sha-256=:…:`; may be left out." },
    requestOctets: "The artifact.",
    answer: answerOf(ARTIFACT_RECORD, "The artifact.", 201),
    problems: UPLOAD_PROBLEMS,
    async handle(call, environment) {
      const { artifactId, isNew } = await uploadArtifact(call, environment);
      const artifact = found(environment.core.views.record("gatewayArtifact", artifactId), "artifact");
      const location = ["location", `/v1/artifacts/${artifactId}`] as const;
      return json(present.artifact(artifact), isNew ? 201 : 200, [location]);
    },
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
