import {
  BUCKET_SECTIONS,
  type BucketRecord,
  type BucketSection,
  type BucketSections,
  type EventEnvelope,
} from "#contracts";
import { ofAccount } from "../catalog-groups.ts";
import { type KindDefinition, poison } from "../kind-definition.ts";

export const bucketKind: KindDefinition<"bucket"> = {
  kind: "bucket",
  label: "bucket",
  view: "buckets",
  viewVersion: 1,
  keyOf: (record) => record.name,
  groupsOf: ({ accountId }) => [ofAccount(accountId)],
  events: {
    "bucket.created": {
      version: 1,
      key: (payload) => payload.name,
      makes: (event) => ({
        kind: "bucket",
        ...event.payload,
        sections: sectionsOf(event.payload.sections),
        createdAt: event.occurredAt,
      }),
    },
    "bucket.configured": {
      version: 1,
      key: (payload) => payload.name,
      changes(event, bucket) {
        sameIncarnation(event, bucket);
        const { section, value } = event.payload;
        const derived = section === "policy" ? { policyPrincipals: event.payload.policyPrincipals } : {};
        const sections = sectionsOf({ ...bucket.sections, [section]: value, ...derived });
        const locked = bucket.objectLockEnabled || (section === "objectLock" && value !== null);
        return { ...bucket, objectLockEnabled: locked, sections };
      },
    },
    "bucket.deleted": { version: 1, key: (payload) => payload.name, ends: sameIncarnation },
  },
};

function sameIncarnation(event: EventEnvelope<"bucket.configured" | "bucket.deleted">, bucket: BucketRecord): void {
  if (event.payload.bucketId !== bucket.bucketId) poison(event, "the bucket is another incarnation");
}

/** The sections that hold something, in the order of the catalogue of sections. */
function sectionsOf(values: Readonly<Partial<Record<BucketSection, unknown>>>): BucketSections {
  const sections: Partial<Record<BucketSection, unknown>> = {};
  for (const section of BUCKET_SECTIONS) {
    const value = values[section];
    if (value !== undefined && value !== null) sections[section] = value;
  }
  // `policy` is text: the handlers let nothing else pass.
  return sections as BucketSections;
}
