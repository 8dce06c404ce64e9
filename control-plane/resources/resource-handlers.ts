/** The life cycle of regional resources, the same for every kind; what differs stands in `RESOURCE_RULES`. */
import {
  type AccountId,
  type CommandType,
  type PolicyPrincipals,
  RESOURCE_KINDS,
  type Region,
  type ResourceCommand,
  type ResourceId,
  type ResourceKind,
  type ResourceRecord,
  type ResourceReference,
} from "#contracts";
import {
  type CatalogReader,
  type CommandHandlers,
  type Decision,
  type NewEvent,
  type Refusal,
  refuse,
  resourceKey,
  stableJson,
} from "#control-plane/events";
import { regionProblem } from "./bucket-name.ts";
import { policyPrincipals } from "./policy-principals.ts";
import { RESOURCE_RULES, sectionsProblem } from "./resource-rules.ts";

export type RegionalCommands = ResourceCommand["type"];

export interface RegionalDependencies {
  /** A new identity for each incarnation of a resource. */
  readonly newResourceId: () => ResourceId;
}

type CreateCommand = Extract<ResourceCommand, { readonly type: `${string}.create` }>;
type ConfigureCommand = Extract<ResourceCommand, { readonly type: `${string}.configure` }>;
type AnyDecision = Decision<CommandType>;

export function createResourceHandlers({ newResourceId }: RegionalDependencies): CommandHandlers<RegionalCommands> {
  const handlers: Record<string, (command: never, views: CatalogReader) => AnyDecision> = {};
  for (const kind of RESOURCE_KINDS) {
    handlers[`${kind}.create`] = (command: CreateCommand, views) => create(kind, command, views, newResourceId);
    handlers[`${kind}.configure`] = (command: ConfigureCommand, views) => configure(kind, command, views);
    handlers[`${kind}.delete`] = (command: ResourceReference, views) => remove(kind, command, views);
  }
  // The loop has made one of each for every kind; template literal types cannot follow that.
  return handlers as unknown as CommandHandlers<RegionalCommands>;
}

function create(
  kind: ResourceKind,
  command: CreateCommand,
  views: CatalogReader,
  newResourceId: () => ResourceId,
): AnyDecision {
  const { accountId, region, name, sections } = command;
  const { nameProblem, perRegionMax, noun } = RESOURCE_RULES[kind];
  const problem = nameProblem(name) ?? regionProblem(region) ?? sectionsProblem(kind, sections, "create");
  if (problem !== undefined) return refuse("ValidationFailed", problem);
  if (views.account(accountId) === undefined) return refuse("NoSuchAccount", "There is no such account");
  if (views.record(kind, resourceKey(command)) !== undefined) {
    return refuse("ResourceAlreadyExists", `A ${noun} of this name exists already`);
  }
  if (views.resourceCount(kind, accountId, region) >= perRegionMax) {
    return refuse("LimitExceeded", `An account has at most ${perRegionMax} ${noun}s in a region`);
  }
  const completed = withPrincipals(kind, {}, sections, views);
  if (!completed.ok) return completed;
  const resourceId = newResourceId();
  const payload = { resourceId, accountId, region, name, sections: withoutNulls(completed.sections) };
  return { ok: true, events: [eventOf(kind, "created", accountId, resourceId, payload)], result: { resourceId } };
}

function configure(kind: ResourceKind, command: ConfigureCommand, views: CatalogReader): AnyDecision {
  const { resourceId, accountId, region, name, ifRevision } = command;
  const found = find(kind, command, views);
  if ("ok" in found) return found;
  if (ifRevision !== undefined && ifRevision !== found.revision) {
    return refuse("RevisionMismatch", `The ${RESOURCE_RULES[kind].noun} was changed meanwhile`);
  }
  const problem = sectionsProblem(kind, command.sections, "configure");
  if (problem !== undefined) return refuse("ValidationFailed", problem);
  const completed = withPrincipals(kind, found.sections, command.sections, views);
  if (!completed.ok) return completed;
  const sections = realChanges(found, completed.sections);
  if (Object.keys(sections).length === 0) return { ok: true, events: [], result: {} };
  const payload = { resourceId, accountId, region, name, sections };
  return { ok: true, events: [eventOf(kind, "configured", accountId, resourceId, payload)], result: {} };
}

function remove(kind: ResourceKind, command: ResourceReference, views: CatalogReader): AnyDecision {
  const { resourceId, accountId, region, name } = command;
  const found = find(kind, command, views);
  if ("ok" in found) return found;
  const payload = { resourceId, accountId, region, name };
  return { ok: true, events: [eventOf(kind, "deleted", accountId, resourceId, payload)], result: {} };
}

/** The resource, if it is still the incarnation that the caller means. */
function find(kind: ResourceKind, place: ResourceReference, views: CatalogReader): ResourceRecord | Refusal {
  const record = views.resource(kind, place.accountId, place.region, place.name);
  if (record?.resourceId === place.resourceId) return record;
  return refuse("NoSuchResource", `There is no such ${RESOURCE_RULES[kind].noun}`);
}

/** Sections with whom the policies in them mean. A policy from before that was looked at stays as it is until it is changed. */
function withPrincipals(
  kind: ResourceKind,
  before: object,
  asked: object,
  views: CatalogReader,
): { readonly ok: true; readonly sections: Readonly<Record<string, unknown>> } | Refusal {
  const old = before as Readonly<Record<string, unknown>>;
  const sections: Record<string, unknown> = { ...asked };
  for (const { section, textOf, principals } of RESOURCE_RULES[kind].policies) {
    if (sections[section] === undefined) continue;
    const text = textOf(sections[section]);
    const inForce = old[principals] as PolicyPrincipals | undefined;
    if (typeof text !== "string") {
      sections[principals] = null;
      continue;
    }
    const named = policyPrincipals(text, views, inForce);
    if (named.ok) sections[principals] = named.principals ?? null;
    else if (inForce !== undefined || text !== textOf(old[section])) return named;
  }
  return { ok: true, sections };
}

const withoutNulls = (sections: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(sections).filter(([, value]) => value !== null));

/** The sections that get another value than they have. */
function realChanges({ sections }: ResourceRecord, asked: object): Readonly<Record<string, unknown>> {
  const before = sections as Readonly<Record<string, unknown>>;
  const changes: Record<string, unknown> = {};
  for (const [section, value] of Object.entries(asked)) {
    if (value === undefined || stableJson(before[section] ?? null) === stableJson(value)) continue;
    changes[section] = value;
  }
  return changes;
}

function eventOf(
  kind: ResourceKind,
  what: "created" | "configured" | "deleted",
  org: AccountId,
  aggregateId: string,
  payload: { readonly region: Region },
): NewEvent {
  // Type and payload belong together by construction.
  return { type: `${kind}.${what}`, aggregateId, org, payload } as unknown as NewEvent;
}
