/** What routes of gateways share: their paths, finding what those name, and schemas. */
import type {
  DesiredRecords,
  GatewayArtifactRecord,
  GatewayBuildRecord,
  GatewaySpecRecord,
  GatewaySpecRevisionRecord,
  ProjectRecord,
} from "#contracts";
import { owned } from "#control-plane/applications";
import { groups } from "#control-plane/events";
import { found } from "../applications/shared.ts";
import type { ApiEnvironment } from "../environment.ts";
import type { OrgCall, Schema } from "../route.ts";
import { count, object, text } from "../schemas.ts";

export const PROJECT = "/v1/orgs/{org}/projects/{project}";
export const SPEC = `${PROJECT}/specs/{spec}`;
export const BUILD = `${PROJECT}/builds/{build}`;
export const ARTIFACT = `${PROJECT}/artifacts/{artifact}`;

export const digest: Schema = { type: "string", description: "`sha256:` and 64 hexadecimal digits." };
export const boolean: Schema = { type: "boolean" };
export const listOf = (items: Schema): Schema => ({ type: "array", items });
export const nullable = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] });

export const BUILT_REVISION = object({ spec_id: text, spec_name: text, revision_id: text, number: count });

type OfProject =
  | "gatewaySpec"
  | "gatewaySpecRevision"
  | "gatewayBuild"
  | "gatewayArtifact"
  | "gatewayTrustedKey"
  | "gatewayKey"
  | "gatewayGroup"
  | "gateway"
  | "gatewayDeployment";

/** @throws ProblemError 404 NoSuchResource */
export function projectAt({ org, params }: OrgCall, { core }: ApiEnvironment): ProjectRecord {
  return found(owned(core.views, "project", org.accountId, params.project!), "project");
}

/** A record of the org, and of the project where the path names one. @throws ProblemError 404 NoSuchResource */
export function recordAt<Kind extends OfProject>(
  { org, params }: OrgCall,
  { core }: ApiEnvironment,
  kind: Kind,
  id: string,
  what: string,
): DesiredRecords[Kind] {
  const record = owned(core.views, kind, org.accountId, id);
  return found(
    record !== undefined && (params.project ?? record.projectId) === record.projectId ? record : undefined,
    what,
  );
}

export const specAt = (call: OrgCall, environment: ApiEnvironment): GatewaySpecRecord =>
  recordAt(call, environment, "gatewaySpec", call.params.spec!, "spec");

export const buildAt = (call: OrgCall, environment: ApiEnvironment): GatewayBuildRecord =>
  recordAt(call, environment, "gatewayBuild", call.params.build!, "build");

export const artifactAt = (call: OrgCall, environment: ApiEnvironment): GatewayArtifactRecord =>
  recordAt(call, environment, "gatewayArtifact", call.params.artifact!, "artifact");

/** By id, by number, or the latest. @throws ProblemError 404 NoSuchResource */
export function revisionAt(call: OrgCall, environment: ApiEnvironment, named: string): GatewaySpecRevisionRecord {
  const { views } = environment.core;
  const { specId, latest } = specAt(call, environment);
  if (named === "latest") return found(views.record("gatewaySpecRevision", latest.revisionId), "revision");
  const one = views
    .inGroup("gatewaySpecRevision", groups.ofSpec(specId))
    .find(({ revisionId, number }) => revisionId === named || String(number) === named);
  return found(one, "revision");
}

/** Newest first; of the same moment, in an order that stays. */
export function newest<Record extends { readonly createdAt: number }>(
  records: readonly Record[],
  keyOf: (record: Record) => string,
): readonly Record[] {
  return records.toSorted((left, right) => right.createdAt - left.createdAt || (keyOf(left) < keyOf(right) ? -1 : 1));
}
