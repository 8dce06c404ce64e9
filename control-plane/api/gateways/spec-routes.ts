/** Specs: descriptions, revision by revision. */
import { groups } from "#control-plane/events";
import { FLEET_LIMITS } from "#control-plane/gateways/fleet";
import { type HttpResponse, json, ProblemError } from "#foundation/http";
import { answerOf, listSchema, PAGE, page, reads, recordSchema, writes } from "../applications/shared.ts";
import { invalidBody, readMembers } from "../body.ts";
import type { ApiEnvironment } from "../environment.ts";
import { execute } from "../execute.ts";
import { DONE, done } from "../orgs/shared.ts";
import type { OrgRoute } from "../route.ts";
import { count, object, text } from "../schemas.ts";
import * as present from "./present.ts";
import { digest, listOf, PROJECT, projectAt, revisionAt, SPEC, specAt } from "./shared.ts";

export const SPEC_RECORD = recordSchema("GatewaySpec", {
  org_id: text,
  project_id: text,
  name: text,
  latest_revision: object({ id: text, number: count }),
});
export const REVISION = recordSchema(
  "GatewaySpecRevision",
  {
    org_id: text,
    project_id: text,
    spec_id: text,
    number: count,
    digest,
    files: listOf(object({ path: text, digest, size_bytes: count })),
    descriptions: {
      ...listOf(text),
      description: "Paths of the files that are compiled; others are what those refer to.",
    },
    message: text,
  },
  ["message"],
);
const FILE = object(
  {
    path: { ...text, description: "With `/`, relative." },
    content: { ...text, description: "As text." },
    content_base64: { ...text, description: "Or as bytes." },
  },
  ["content", "content_base64"],
);
const CONTENTS = {
  files: listOf(FILE),
  descriptions: { ...listOf(text), description: "Default: all YAML and JSON files that are in no folder." },
  message: text,
};
const NEW_SPEC = object({ name: text, ...CONTENTS }, ["descriptions", "message"]);
const NEW_REVISION = object(CONTENTS, ["descriptions", "message"]);
const SPEC_ANSWER = object({ spec: SPEC_RECORD, revision: REVISION });
const PROBLEMS = ["NoSuchResource", "ValidationFailed", "LimitExceeded", "ResourceAlreadyExists"];

/** Files of `revisionBytes` in base64, and what is around them. */
const BODY_BYTES_MAX = Math.ceil((FLEET_LIMITS.revisionBytes * 4) / 3) + 1024 * 1024;
const DESCRIPTION = /^[^/]+\.(?:ya?ml|json)$/i;

interface GivenFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export const SPEC_ROUTES: readonly OrgRoute[] = [
  reads({
    method: "GET",
    path: `${PROJECT}/specs`,
    operationId: "listSpecs",
    summary: "Lists the specs of a project.",
    scope: "gateways:read",
    query: PAGE,
    answer: answerOf(listSchema(SPEC_RECORD), "By name."),
    problems: ["NoSuchResource"],
    handle(call, environment) {
      const { projectId } = projectAt(call, environment);
      const specs = environment.core.views
        .inGroup("gatewaySpec", groups.ofProject(projectId))
        .toSorted((left, right) => (left.name < right.name ? -1 : 1));
      return page(call, specs, ({ specId }) => specId, present.spec);
    },
  }),
  writes({
    method: "POST",
    path: `${PROJECT}/specs`,
    operationId: "putSpec",
    summary: "Uploads descriptions: makes a spec, or a revision of the one that has the name.",
    description: "Contents that are those of its latest revision change nothing.",
    scope: "gateways:write",
    requestBody: NEW_SPEC,
    answer: answerOf(SPEC_ANSWER, "The spec with its latest revision.", 201),
    problems: PROBLEMS,
    async handle(call, environment) {
      const { accountId, projectId } = projectAt(call, environment);
      const members = await readMembers(call.request, NEW_SPEC, BODY_BYTES_MAX);
      const { name } = members;
      if (typeof name !== "string") throw invalidBody("name must be text.");
      return upload(environment, members, async (contents) => {
        const { views } = environment.core;
        const [known] = views.inGroup("gatewaySpec", groups.namedInProject(projectId, name));
        if (known !== undefined) {
          await execute(call, environment, {
            type: "gatewaySpec.revise",
            accountId,
            specId: known.specId,
            ...contents,
          });
          return known.specId;
        }
        const made = { type: "gatewaySpec.create", accountId, projectId, name, ...contents } as const;
        return (await execute(call, environment, made)).specId;
      });
    },
  }),
  reads({
    method: "GET",
    path: SPEC,
    operationId: "getSpec",
    summary: "Shows a spec.",
    scope: "gateways:read",
    answer: answerOf(SPEC_RECORD, "The spec."),
    problems: ["NoSuchResource"],
    handle: (call, environment) => json(present.spec(specAt(call, environment))),
  }),
  writes({
    method: "DELETE",
    path: SPEC,
    operationId: "deleteSpec",
    summary: "Deletes a spec with its revisions. What was built of it stays.",
    scope: "gateways:write",
    answer: DONE,
    problems: ["NoSuchResource"],
    async handle(call, environment) {
      const { accountId, specId } = specAt(call, environment);
      await execute(call, environment, { type: "gatewaySpec.delete", accountId, specId });
      return done();
    },
  }),
  reads({
    method: "GET",
    path: `${SPEC}/revisions`,
    operationId: "listSpecRevisions",
    summary: "Lists the revisions of a spec.",
    scope: "gateways:read",
    query: PAGE,
    answer: answerOf(listSchema(REVISION), "The latest first."),
    problems: ["NoSuchResource"],
    handle(call, environment) {
      const { specId } = specAt(call, environment);
      const revisions = environment.core.views
        .inGroup("gatewaySpecRevision", groups.ofSpec(specId))
        .toSorted((left, right) => right.number - left.number);
      return page(call, revisions, ({ revisionId }) => revisionId, present.revision);
    },
  }),
  writes({
    method: "POST",
    path: `${SPEC}/revisions`,
    operationId: "reviseSpec",
    summary: "Uploads another revision of a spec.",
    description: "Contents that are those of its latest revision change nothing.",
    scope: "gateways:write",
    requestBody: NEW_REVISION,
    answer: answerOf(SPEC_ANSWER, "The spec with its latest revision.", 201),
    problems: PROBLEMS,
    async handle(call, environment) {
      const { accountId, specId } = specAt(call, environment);
      const members = await readMembers(call.request, NEW_REVISION, BODY_BYTES_MAX);
      return upload(environment, members, async (contents) => {
        await execute(call, environment, { type: "gatewaySpec.revise", accountId, specId, ...contents });
        return specId;
      });
    },
  }),
  reads({
    method: "GET",
    path: `${SPEC}/revisions/{revision}`,
    operationId: "getSpecRevision",
    summary: "Shows a revision: which files it has.",
    scope: "gateways:read",
    answer: answerOf(REVISION, "The revision."),
    problems: ["NoSuchResource"],
    handle: (call, environment) => json(present.revision(revisionAt(call, environment, call.params.revision!))),
  }),
  reads({
    method: "GET",
    path: `${SPEC}/revisions/{revision}/content`,
    operationId: "getSpecFile",
    summary: "Gives a file of a revision, byte for byte.",
    scope: "gateways:read",
    query: [
      {
        name: "path",
        description: "Which file. Default: the only description, where there is one.",
        type: "string",
        pattern: "^[^\\p{C}]{1,512}$",
      },
    ],
    answer: {
      status: 200,
      contentType: "application/octet-stream",
      schema: { type: "string", format: "binary" },
      description: "The file.",
    },
    problems: ["NoSuchResource"],
    async handle(call, environment) {
      const revision = revisionAt(call, environment, call.params.revision!);
      const [only, ...others] = revision.descriptions;
      const path = call.query.path ?? (others.length === 0 ? only : undefined);
      const file = revision.files.find((one) => one.path === path);
      const content = file === undefined ? undefined : await environment.core.gatewayBlobs.stream(file.digest);
      if (content === undefined) {
        throw new ProblemError({
          status: 404,
          code: "NoSuchResource",
          title: "The revision has no such file.",
          detail: `Name one by ?path=…: ${revision.files.map((one) => one.path).join(", ")}`.slice(0, 500),
        });
      }
      return {
        status: 200,
        headers: [
          ["content-type", "application/octet-stream"],
          ["content-disposition", "attachment"],
        ],
        body: content.parts,
        contentLength: content.sizeBytes,
      };
    },
  }),
];

/** Contents are on disk before the command that names them is decided, and are held until it was. */
async function upload(
  { core }: ApiEnvironment,
  members: Readonly<Record<string, unknown>>,
  decide: (contents: {
    readonly files: readonly { readonly path: string; readonly digest: string; readonly sizeBytes: number }[];
    readonly descriptions: readonly string[];
    readonly message?: string;
  }) => Promise<string>,
): Promise<HttpResponse> {
  const given = filesOf(members.files);
  const descriptions = members.descriptions ?? given.map(({ path }) => path).filter((path) => DESCRIPTION.test(path));
  const { message } = members;
  const hold = await core.gatewayBlobs.put(given.map(({ bytes }) => bytes));
  try {
    const files = given.map(({ path, bytes }, index) => ({
      path,
      digest: hold.digests[index]!,
      sizeBytes: bytes.byteLength,
    }));
    // What the other members say is checked with the command.
    const specId = await decide({
      files,
      descriptions: descriptions as readonly string[],
      ...(message === undefined ? {} : { message: message as string }),
    });
    const spec = core.views.record("gatewaySpec", specId);
    const revision = spec && core.views.record("gatewaySpecRevision", spec.latest.revisionId);
    if (revision === undefined)
      throw new ProblemError({ status: 404, code: "NoSuchResource", title: "It is gone again." });
    return json({ spec: present.spec(spec!), revision: present.revision(revision) }, 201);
  } finally {
    hold.release();
  }
}

function filesOf(value: unknown): readonly GivenFile[] {
  if (!Array.isArray(value)) throw invalidBody("files must be a list.");
  if (value.length > FLEET_LIMITS.filesPerRevision) {
    throw invalidBody(`files: a revision has ${FLEET_LIMITS.filesPerRevision} files at most.`);
  }
  let bytesLeft = FLEET_LIMITS.revisionBytes;
  return value.map((file: unknown, index) => {
    const { path, content, content_base64 } = (file ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof path !== "string") throw invalidBody(`files[${index}].path must be text.`);
    const bytes = bytesOf(content, content_base64);
    if (bytes === undefined) throw invalidBody(`files[${index}] must have either content or content_base64, as text.`);
    bytesLeft -= bytes.byteLength;
    if (bytesLeft < 0) throw invalidBody(`files: a revision has ${FLEET_LIMITS.revisionBytes} bytes at most.`);
    return { path, bytes };
  });
}

function bytesOf(content: unknown, base64: unknown): Uint8Array | undefined {
  if (typeof content === "string" && base64 === undefined) return Buffer.from(content);
  if (typeof base64 !== "string" || content !== undefined) return undefined;
  return /^[A-Za-z0-9+/]*={0,2}$/.test(base64) ? Buffer.from(base64, "base64") : undefined;
}
