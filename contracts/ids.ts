/** Branded identifiers that cross the boundary between the planes. */

declare const brand: unique symbol;
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Twelve decimal digits; every org is one AWS account. */
export type AccountId = Brand<string, "AccountId">;

/** Stands where an account is named, for what belongs to none. */
export const CLOUD_ORG = "000000000000" as AccountId;

/** Position of an event in the log: 1, 2, 3 … without gaps. 0 stands for "before the first event". */
export type EventId = Brand<number, "EventId">;

/** A region name such as `us-east-1`. */
export type Region = Brand<string, "Region">;

/** Identity of one incarnation of a bucket: a bucket deleted and created again under the same name has another. */
export type BucketId = Brand<string, "BucketId">;

/** Identity of one incarnation of a queue, a table or another regional resource. */
export type ResourceId = Brand<string, "ResourceId">;

/** Identity of one data plane, chosen by itself at its first start and kept on its disk. */
export type DataPlaneId = Brand<string, "DataPlaneId">;

/** Identity of one control plane's event log. A data plane that meets another one takes a new snapshot. */
export type ControlPlaneId = Brand<string, "ControlPlaneId">;
