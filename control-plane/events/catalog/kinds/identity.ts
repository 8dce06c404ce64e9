/** IAM entities: one fold for all kinds, since they share one life cycle. */
import {
  type EventEnvelope,
  IDENTITY_REFERENCES,
  IDENTITY_SECTIONS,
  type IdentityEventPayloads,
  type IdentityKind,
  type IdentityRecord,
  type IdentitySections,
} from "#contracts";
import { named, ofAccount, referringTo } from "../catalog-groups.ts";
import type { KindDefinition } from "../kind-definition.ts";

type Happened<Kind extends IdentityKind, Verb extends keyof IdentityEventPayloads> = {
  readonly payload: IdentityEventPayloads<Kind>[Verb];
} & Pick<EventEnvelope, "occurredAt">;

/** @param version of the payloads: 2 for users, whose first events had another form (see `older-events.ts`) */
export function identityKind<Kind extends IdentityKind>(
  kind: Kind,
  label: string,
  view: string,
  version = 1,
): KindDefinition<Kind> {
  const key = (payload: { readonly entityId: string }) => payload.entityId;
  const changed = ({ occurredAt }: Pick<EventEnvelope, "occurredAt">, record: IdentityRecord<Kind>) => ({
    ...record,
    modifiedAt: occurredAt,
    revision: record.revision + 1,
  });
  const definition = {
    kind,
    label,
    view,
    viewVersion: version,
    keyOf: (record: IdentityRecord<Kind>) => record.entityId,
    groupsOf: (record: IdentityRecord<Kind>) => [
      ofAccount(record.accountId),
      named(record.accountId, record.name),
      ...referencesOf(record),
    ],
    events: {
      [`${kind}.created`]: {
        version,
        key,
        makes({ payload, occurredAt }: Happened<Kind, "created">): IdentityRecord<Kind> {
          const { entityId, accountId, name, path, sections } = payload;
          const times = { createdAt: occurredAt, modifiedAt: occurredAt, revision: 1 };
          return { kind, entityId, accountId, name, path, ...times, sections: patchedSections(kind, {}, sections) };
        },
      },
      [`${kind}.configured`]: {
        version,
        key,
        changes: (event: Happened<Kind, "configured">, record: IdentityRecord<Kind>): IdentityRecord<Kind> => ({
          ...changed(event, record),
          sections: patchedSections(kind, record.sections, event.payload.sections),
        }),
      },
      [`${kind}.renamed`]: {
        version,
        key,
        changes(event: Happened<Kind, "renamed">, record: IdentityRecord<Kind>): IdentityRecord<Kind> {
          const { name, path } = event.payload;
          return { ...changed(event, record), name, path };
        },
      },
      [`${kind}.deleted`]: { version, key, ends: () => undefined },
    },
  };
  // The names of the events are built from the kind; the compiler does not follow that.
  return definition as unknown as KindDefinition<Kind>;
}

/** The groups of those that refer to something, so that what is referred to knows it. */
function referencesOf(record: IdentityRecord): readonly string[] {
  const groups: string[] = [];
  const sections: Readonly<Record<string, unknown>> = { ...record.sections };
  for (const section of IDENTITY_REFERENCES[record.kind]) {
    const value = sections[section];
    if (typeof value === "string") groups.push(referringTo(section, value));
    else if (value !== undefined)
      for (const target of Object.keys(value as object)) groups.push(referringTo(section, target));
  }
  return groups;
}

/**
 * Sections after a patch: `value` sections replaced, `map` sections member by member, members in the order of their names and sections in the order of the catalogue, so
 * that a rebuilt record has the same text as the live one. What is empty is left out. Only own members count: a policy may be called `__proto__`.
 */
export function patchedSections<Kind extends IdentityKind>(
  kind: Kind,
  before: object,
  patch: object,
): IdentitySections[Kind] {
  const old = new Map(Object.entries(before));
  const changes = new Map(Object.entries(patch));
  const sections: Record<string, unknown> = {};
  for (const [section, form] of Object.entries(IDENTITY_SECTIONS[kind])) {
    const change = changes.get(section);
    const value =
      change === undefined || change === null || form === "value"
        ? change === undefined
          ? old.get(section)
          : change
        : patchedMap(old.get(section) as object | undefined, change as object);
    if (value !== undefined && value !== null) sections[section] = value;
  }
  // Handlers let only the kind's own sections and shapes pass.
  return sections as IdentitySections[Kind];
}

function patchedMap(before: object | undefined, patch: object): object | undefined {
  const members = new Map(Object.entries(before ?? {}));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) members.delete(name);
    else members.set(name, value);
  }
  if (members.size === 0) return undefined;
  return Object.fromEntries([...members].sort(([left], [right]) => (left < right ? -1 : 1)));
}
