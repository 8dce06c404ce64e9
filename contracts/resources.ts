/**
 * Resources that live in one region of one account and are known there by a name: queues and tables so far.
 *
 * They share one life cycle: created with some sections, configured section by section, deleted. What a section holds is the business of the data plane that serves the
 * resource (it has checked it against AWS's rules before it asks); the control plane keeps it, numbers its revisions and gives it back.
 */
import type { PolicyPrincipals } from "./identity.ts";
import type { AccountId, Region, ResourceId } from "./ids.ts";

/** The sections of each kind of resource. A section holds plain JSON and is absent where nothing was put. */
export interface ResourceSections {
  readonly queue: QueueSections;
  readonly table: TableSections;
}

export type ResourceKind = keyof ResourceSections;
export type ResourceSection<Kind extends ResourceKind = ResourceKind> = keyof ResourceSections[Kind] & string;

/** SQS API Reference, CreateQueue. */
export interface QueueSections {
  /** By SQS's names, as last set (`VisibilityTimeout`, `Policy`, `RedrivePolicy` …); defaults are not filled in. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Derived from the attribute `Policy`. */
  readonly policyPrincipals?: PolicyPrincipals;
  readonly tags?: Readonly<Record<string, string>>;
}

/** DynamoDB API Reference, CreateTable and the settings beside it. Structures have the members of the API's own, with times in epoch milliseconds. */
export interface TableSections {
  readonly keySchema?: readonly TableKeyElement[];
  readonly attributeDefinitions?: readonly TableAttribute[];
  readonly localIndexes?: readonly TableIndex[];
  readonly globalIndexes?: readonly TableGlobalIndex[];
  readonly billing?: TableBilling;
  /** The stream that is enabled now; earlier ones are known to the data plane only, until their records expire. */
  readonly stream?: TableStream;
  readonly timeToLive?: TableTimeToLive;
  readonly deletionProtection?: boolean;
  readonly tableClass?: "STANDARD" | "STANDARD_INFREQUENT_ACCESS";
  readonly tags?: Readonly<Record<string, string>>;
  /** Text of the resource policy, byte for byte. */
  readonly policy?: string;
  /** Derived from the policy. */
  readonly policyPrincipals?: PolicyPrincipals;
  /** Text of the resource policy of the current stream. */
  readonly streamPolicy?: string;
  /** Derived from the policy of the stream. */
  readonly streamPolicyPrincipals?: PolicyPrincipals;
  /** What is kept and given back without further meaning here (contributor insights, warm throughput …), by the API's names. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface TableKeyElement {
  readonly attribute: string;
  readonly role: "HASH" | "RANGE";
}

export interface TableAttribute {
  readonly attribute: string;
  readonly type: "S" | "N" | "B";
}

export interface TableProjection {
  readonly type: "ALL" | "KEYS_ONLY" | "INCLUDE";
  readonly include?: readonly string[];
}

export interface TableIndex {
  readonly name: string;
  readonly keySchema: readonly TableKeyElement[];
  readonly projection: TableProjection;
}

export interface TableGlobalIndex extends TableIndex {
  /** Another one each time an index is created, so that one that was deleted and made again under its name is built anew. */
  readonly indexId: string;
  readonly throughput?: TableThroughput;
}

/** Capacity units a second. */
export interface TableThroughput {
  readonly read: number;
  readonly write: number;
  /** Epoch milliseconds of the last change upwards and downwards. */
  readonly increasedAt?: number;
  readonly decreasedAt?: number;
}

export interface TableBilling {
  readonly mode: "PROVISIONED" | "PAY_PER_REQUEST";
  readonly throughput?: TableThroughput;
  readonly maxReadRequestUnits?: number;
  readonly maxWriteRequestUnits?: number;
  /** Epoch milliseconds of the last switch to on-demand. */
  readonly onDemandSince?: number;
}

export interface TableStream {
  /** `2026-01-31T12:00:00.000`: the part of the stream's ARN behind `/stream/`. */
  readonly label: string;
  readonly viewType: "KEYS_ONLY" | "NEW_IMAGE" | "OLD_IMAGE" | "NEW_AND_OLD_IMAGES";
}

export interface TableTimeToLive {
  readonly attribute: string;
}

/** Names of the sections, for checks at boundaries and for records whose members stand in one order. */
export const RESOURCE_SECTIONS = {
  queue: ["attributes", "policyPrincipals", "tags"],
  table: [
    "keySchema",
    "attributeDefinitions",
    "localIndexes",
    "globalIndexes",
    "billing",
    "stream",
    "timeToLive",
    "deletionProtection",
    "tableClass",
    "tags",
    "policy",
    "policyPrincipals",
    "streamPolicy",
    "streamPolicyPrincipals",
    "settings",
  ],
} as const satisfies { readonly [Kind in ResourceKind]: readonly ResourceSection<Kind>[] };

export const RESOURCE_KINDS = Object.keys(RESOURCE_SECTIONS) as readonly ResourceKind[];

/** A resource and its whole configuration. */
export interface ResourceRecord<Kind extends ResourceKind = ResourceKind> {
  readonly kind: Kind;
  /** Another one for each incarnation of a name. */
  readonly resourceId: ResourceId;
  readonly accountId: AccountId;
  readonly region: Region;
  /** Unique among the resources of its kind in its region of its account. */
  readonly name: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly modifiedAt: number;
  /** 1 at the creation, one more at each change. */
  readonly revision: number;
  readonly sections: ResourceSections[Kind];
}

export type QueueRecord = ResourceRecord<"queue">;
export type TableRecord = ResourceRecord<"table">;

/** What names one resource: its incarnation and its place. */
export interface ResourceReference {
  readonly resourceId: ResourceId;
  readonly accountId: AccountId;
  readonly region: Region;
  readonly name: string;
}

/** New values of sections; null removes one. Sections that are not named stay as they are. */
export type ResourceSectionChanges<Kind extends ResourceKind> = {
  readonly [Section in keyof ResourceSections[Kind]]?: ResourceSections[Kind][Section] | null;
};

/** Commands about one kind of resource. */
export type ResourceCommand<Kind extends ResourceKind = ResourceKind> = {
  readonly [Each in Kind]:
    | {
        readonly type: `${Each}.create`;
        readonly accountId: AccountId;
        readonly region: Region;
        readonly name: string;
        readonly sections: ResourceSections[Each];
      }
    | ({
        readonly type: `${Each}.configure`;
        readonly sections: ResourceSectionChanges<Each>;
        /** The revision that the change was worked out from; refused with `RevisionMismatch` when the resource has moved on. */
        readonly ifRevision?: number;
      } & ResourceReference)
    | ({ readonly type: `${Each}.delete` } & ResourceReference);
}[Kind];

/** Payloads of the events about one kind of resource. */
export interface ResourceEventPayloads<Kind extends ResourceKind = ResourceKind> {
  readonly created: ResourceReference & { readonly sections: ResourceSections[Kind] };
  readonly configured: ResourceReference & { readonly sections: ResourceSectionChanges<Kind> };
  readonly deleted: ResourceReference;
}
