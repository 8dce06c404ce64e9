/** Identifiers: branded types, sortable ids, and the shapes AWS clients expect. Chance and time come from the caller. */

export * from "./aws.ts";
export * from "./brand.ts";
export * from "./entity-arn.ts";
export * from "./sortable.ts";
