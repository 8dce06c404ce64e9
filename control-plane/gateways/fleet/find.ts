/** What handlers of this room share. Pure. */
import type { AccountId, BuiltRevision, GatewaySpecRevisionRecord, ProjectRecord } from "#contracts";
import { owned } from "#control-plane/applications";
import { type CatalogReader, groups, type Refusal, refuse } from "#control-plane/events";

export const done = { ok: true, events: [], result: {} } as const;

export const projectOf = (views: CatalogReader, accountId: AccountId, projectId: string): ProjectRecord | undefined =>
  owned(views, "project", accountId, projectId);

export const invalid = (problem: string): Refusal => refuse("ValidationFailed", problem);

export const limited = (message: string): Refusal => refuse("LimitExceeded", message);

export const nameTaken = (what: string, name: string): Refusal =>
  refuse("ResourceAlreadyExists", `name: the project has a ${what} named ${name} already`);

/** Newest first. */
export function revisionsOf(views: CatalogReader, specId: string): readonly GatewaySpecRevisionRecord[] {
  return [...views.inGroup("gatewaySpecRevision", groups.ofSpec(specId))].sort((a, b) => b.number - a.number);
}

export function builtRevision(views: CatalogReader, revision: GatewaySpecRevisionRecord): BuiltRevision {
  const { specId, revisionId, number } = revision;
  return { specId, specName: views.record("gatewaySpec", specId)?.name ?? specId, revisionId, number };
}

/** Of records that are kept up to a number: the oldest that go when one more is made. */
export function surplus<Record extends { readonly createdAt: number }>(
  records: readonly Record[],
  most: number,
): readonly Record[] {
  const over = records.length + 1 - most;
  return over <= 0 ? [] : records.toSorted((left, right) => left.createdAt - right.createdAt).slice(0, over);
}
