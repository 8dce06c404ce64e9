/** Regional resources: one fold for all kinds, since they share one life cycle. */
import {
  type EventEnvelope,
  RESOURCE_SECTIONS,
  type ResourceEventPayloads,
  type ResourceKind,
  type ResourceRecord,
  type ResourceReference,
  type ResourceSections,
} from "#contracts";
import { inRegion } from "../catalog-groups.ts";
import { type KindDefinition, poison } from "../kind-definition.ts";
import { resourceKey } from "../resource-key.ts";

type Payload<Kind extends ResourceKind, Verb extends keyof ResourceEventPayloads> = {
  readonly payload: ResourceEventPayloads<Kind>[Verb];
} & Pick<EventEnvelope, "id" | "type" | "occurredAt">;

export function resourceKind<Kind extends ResourceKind>(kind: Kind, view: string): KindDefinition<Kind> {
  const key = (payload: ResourceReference) => resourceKey(payload);
  const sameIncarnation = (event: Payload<Kind, "configured" | "deleted">, record: ResourceRecord<Kind>): void => {
    if (event.payload.resourceId !== record.resourceId) poison(event, `the ${kind} is another incarnation`);
  };
  const definition = {
    kind,
    label: kind,
    view,
    viewVersion: 1,
    keyOf: resourceKey,
    groupsOf: ({ accountId, region }: ResourceRecord<Kind>) => [inRegion(kind, accountId, region)],
    events: {
      [`${kind}.created`]: {
        version: 1,
        key,
        makes({ payload, occurredAt }: Payload<Kind, "created">): ResourceRecord<Kind> {
          const { resourceId, accountId, region, name, sections } = payload;
          const times = { createdAt: occurredAt, modifiedAt: occurredAt, revision: 1 };
          return { kind, resourceId, accountId, region, name, ...times, sections: merged(kind, {}, sections) };
        },
      },
      [`${kind}.configured`]: {
        version: 1,
        key,
        changes(event: Payload<Kind, "configured">, record: ResourceRecord<Kind>): ResourceRecord<Kind> {
          sameIncarnation(event, record);
          const sections = merged(kind, record.sections, event.payload.sections);
          return { ...record, modifiedAt: event.occurredAt, revision: record.revision + 1, sections };
        },
      },
      [`${kind}.deleted`]: { version: 1, key, ends: sameIncarnation },
    },
  };
  // The names of the events are built from the kind; the compiler does not follow that.
  return definition as unknown as KindDefinition<Kind>;
}

/** Sections that hold something, in the order of the catalogue of sections, so that a rebuilt record has the same text as the live one. */
function merged<Kind extends ResourceKind>(kind: Kind, before: object, changes: object): ResourceSections[Kind] {
  const values: Readonly<Record<string, unknown>> = { ...before, ...changes };
  const sections: Record<string, unknown> = {};
  for (const section of RESOURCE_SECTIONS[kind]) {
    const value = values[section];
    if (value !== undefined && value !== null) sections[section] = value;
  }
  // Handlers let only the kind's own sections pass, and the data plane only their own shapes.
  return sections as ResourceSections[Kind];
}
