/** The fold of regional resources: one for all kinds, since they share one life cycle. Pure. */
import {
  RESOURCE_SECTIONS,
  type ResourceEventPayloads,
  type ResourceKind,
  type ResourceRecord,
  type ResourceSectionChanges,
  type ResourceSections,
} from "#contracts";

/** The record of a resource that was just made. */
export function createdResource<Kind extends ResourceKind>(
  kind: Kind,
  payload: ResourceEventPayloads<Kind>["created"],
  occurredAt: number,
): ResourceRecord<Kind> {
  const { resourceId, accountId, region, name, sections } = payload;
  const place = { resourceId, accountId, region, name };
  return {
    kind,
    ...place,
    createdAt: occurredAt,
    modifiedAt: occurredAt,
    revision: 1,
    sections: mergedSections(kind, {}, sections),
  };
}

/** The record with changed sections. */
export function configuredResource<Kind extends ResourceKind>(
  kind: Kind,
  record: ResourceRecord<Kind>,
  changes: ResourceSectionChanges<Kind>,
  occurredAt: number,
): ResourceRecord<Kind> {
  return {
    ...record,
    modifiedAt: occurredAt,
    revision: record.revision + 1,
    sections: mergedSections(kind, record.sections, changes),
  };
}

/** Sections that hold something, in the order of the catalogue of sections, so that a rebuilt record has the same text as the live one. */
function mergedSections<Kind extends ResourceKind>(
  kind: Kind,
  before: object,
  changes: object,
): ResourceSections[Kind] {
  const values: Readonly<Record<string, unknown>> = { ...before, ...changes };
  const sections: Record<string, unknown> = {};
  for (const section of RESOURCE_SECTIONS[kind]) {
    const value = values[section];
    if (value !== undefined && value !== null) sections[section] = value;
  }
  // Handlers let only the kind's own sections pass, and the data plane only their own shapes.
  return sections as ResourceSections[Kind];
}
