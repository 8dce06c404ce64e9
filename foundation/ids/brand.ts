/** Names for kinds of text and numbers that must not be mixed up. */

declare const brand: unique symbol;

/**
 * `Base` with a name that only the compiler sees: an `OrgId` is not a `BucketName`, although both are text.
 *
 * @example
 * type OrgId = Brand<string, "OrgId">;
 */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Twelve decimal digits. */
export type AccountId = Brand<string, "AccountId">;
/** `AKIA…` (long-lived) or `ASIA…` (session), 20 characters. */
export type AccessKeyId = Brand<string, "AccessKeyId">;
/** Forty characters. Never logged. */
export type SecretAccessKey = Brand<string, "SecretAccessKey">;
/** `AIDA…`, `AROA…` and their like, 21 characters. */
export type AwsUniqueId = Brand<string, "AwsUniqueId">;
/** RFC 9562 in lower-case text form. */
export type Uuid = Brand<string, "Uuid">;
/** Twenty-six characters, sortable by time. */
export type Ulid = Brand<string, "Ulid">;
