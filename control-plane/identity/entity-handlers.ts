/** The life cycle of IAM entities, the same for every kind; what differs stands in `ENTITY_RULES`. */
import {
  type AccountId,
  type CommandType,
  IDENTITY_KINDS,
  type IdentityCommand,
  type IdentityKind,
  type IdentityRecord,
} from "#contracts";
import {
  type CatalogReader,
  type CommandHandlers,
  type Decision,
  type NewEvent,
  type Refusal,
  refuse,
} from "#control-plane/events";
import type { IdentityDependencies } from "./dependencies.ts";
import { ENTITY_RULES, type EntityRules } from "./entity-rules.ts";
import { invalid, noSuchAccount, quotaExceeded, shown } from "./refusals.ts";
import { decideSections } from "./section-changes.ts";

export type EntityCommands = IdentityCommand["type"];

type Given<Verb extends string> = Extract<IdentityCommand, { readonly type: `${string}.${Verb}` }>;
type AnyDecision = Decision<CommandType>;

const NOTHING: AnyDecision = { ok: true, events: [], result: {} };

export function createEntityHandlers(dependencies: IdentityDependencies): CommandHandlers<EntityCommands> {
  const handlers: Record<string, (command: never, views: CatalogReader) => AnyDecision> = {};
  for (const kind of IDENTITY_KINDS) {
    handlers[`${kind}.create`] = (command: Given<"create">, views) => create(kind, command, views, dependencies);
    handlers[`${kind}.configure`] = (command: Given<"configure">, views) =>
      configure(kind, command, views, dependencies);
    handlers[`${kind}.rename`] = (command: Given<"rename">, views) => rename(kind, command, views);
    handlers[`${kind}.delete`] = (command: Given<"delete">, views) => remove(kind, command, views);
  }
  // The loop has made one of each for every kind; template literal types cannot follow that.
  return handlers as unknown as CommandHandlers<EntityCommands>;
}

function create(
  kind: IdentityKind,
  { accountId, name, path = "/", sections }: Given<"create">,
  views: CatalogReader,
  dependencies: IdentityDependencies,
): AnyDecision {
  const rules = rulesOf(kind);
  const problem = rules.nameProblem(name) ?? rules.pathProblem(path);
  if (problem !== undefined) return invalid(problem);
  if (views.account(accountId) === undefined) return noSuchAccount(accountId);
  if (views.entityByName(kind, accountId, name) !== undefined) return refuse("EntityAlreadyExists", rules.taken(name));
  const max = dependencies.limits.entitiesPerAccount[kind];
  if (views.entityCount(kind, accountId) >= max) return quotaExceeded(rules.quota, max);
  const context = { kind, accountId, name, path, views, dependencies };
  const decided = decideSections(context, undefined, sections);
  if (!decided.ok) return decided;
  const entityId = dependencies.names.entityId(kind, accountId);
  const payload = { entityId, accountId, name, path, sections: decided.after };
  return { ok: true, events: [eventOf(kind, "created", payload)], result: { entityId } };
}

function configure(
  kind: IdentityKind,
  { accountId, entityId, sections, ifRevision }: Given<"configure">,
  views: CatalogReader,
  dependencies: IdentityDependencies,
): AnyDecision {
  const found = find(kind, accountId, entityId, views);
  if ("ok" in found) return found;
  if (ifRevision !== undefined && ifRevision !== found.revision) {
    return refuse("RevisionMismatch", `The ${rulesOf(kind).noun} was changed meanwhile`);
  }
  const { name, path } = found;
  const decided = decideSections({ kind, accountId, name, path, views, dependencies }, found.sections, sections);
  if (!decided.ok) return decided;
  if (Object.keys(decided.changes).length === 0) return NOTHING;
  const payload = { entityId, accountId, sections: decided.changes };
  return { ok: true, events: [eventOf(kind, "configured", payload)], result: {} };
}

function rename(kind: IdentityKind, command: Given<"rename">, views: CatalogReader): AnyDecision {
  const rules = rulesOf(kind);
  const { accountId, entityId } = command;
  const found = find(kind, accountId, entityId, views);
  if ("ok" in found) return found;
  if (!rules.renamed) return invalid(`The name of a ${rules.noun} never changes`);
  const { name = found.name, path = found.path } = command;
  const problem = rules.nameProblem(name) ?? rules.pathProblem(path);
  if (problem !== undefined) return invalid(problem);
  const bearer = views.entityByName(kind, accountId, name);
  if (bearer !== undefined && bearer.entityId !== entityId) return refuse("EntityAlreadyExists", rules.taken(name));
  if (name === found.name && path === found.path) return NOTHING;
  const payload = { entityId, accountId, name, path };
  const keys = kind === "user" && name !== found.name ? keysGivenTo(found, name, views) : [];
  return { ok: true, events: [eventOf(kind, "renamed", payload), ...keys], result: {} };
}

function remove(kind: IdentityKind, { accountId, entityId }: Given<"delete">, views: CatalogReader): AnyDecision {
  const found = find(kind, accountId, entityId, views);
  if ("ok" in found) return found;
  for (const obstacle of rulesOf(kind).obstacles) {
    const sentence = obstacle(found, views);
    if (sentence !== undefined) return refuse("DeleteConflict", sentence);
  }
  const payload = { entityId, accountId, name: found.name };
  return { ok: true, events: [eventOf(kind, "deleted", payload)], result: {} };
}

/** Access keys name their user, so they go along when it gets another name. */
function keysGivenTo(user: IdentityRecord, userName: string, views: CatalogReader): readonly NewEvent[] {
  const { accountId } = user;
  const keys = views.accessKeysOf(accountId, { type: "user", userName: user.name });
  return keys.map(({ accessKeyId }) => {
    const payload = { accessKeyId, owner: { type: "user", userName } } as const;
    return { type: "accessKey.updated", aggregateId: accessKeyId, org: accountId, payload };
  });
}

/** The entity, if it is the account's; another account's is as good as none. */
function find(
  kind: IdentityKind,
  accountId: AccountId,
  entityId: string,
  views: CatalogReader,
): IdentityRecord | Refusal {
  const record: IdentityRecord | undefined = views.entity(kind, accountId, entityId);
  return (
    record ?? refuse("NoSuchEntity", `The ${rulesOf(kind).noun} with id ${shown(entityId, "given")} cannot be found.`)
  );
}

function rulesOf(kind: IdentityKind): EntityRules {
  // The table gives each kind the rules of that very kind.
  return ENTITY_RULES[kind] as EntityRules;
}

function eventOf(
  kind: IdentityKind,
  what: "created" | "configured" | "renamed" | "deleted",
  payload: { readonly entityId: string; readonly accountId: AccountId },
): NewEvent {
  // Type and payload belong together by construction.
  return {
    type: `${kind}.${what}`,
    aggregateId: payload.entityId,
    org: payload.accountId,
    payload,
  } as unknown as NewEvent;
}
