/** From what a request names to the entity, within the caller's account. */
import type { AccountId, IdentityKind, IdentityRecord, OidcProviderRecord } from "#contracts";
import type { CallContext } from "#data-plane/service";
import { entityArn, parseEntityArn } from "#foundation/ids";
import { arnNotValid, noSuch } from "../errors.ts";
import { accountOf } from "./define.ts";
import type { IamEnvironment } from "./environment.ts";

export type CatalogOnly = Pick<IamEnvironment, "catalog">;

/** Kinds that requests call by name. */
export type NamedKind = Exclude<IdentityKind, "managedPolicy" | "oidcProvider">;

export const arnOf = (record: IdentityRecord): string => entityArn(record);

/** Undefined when there is none: then the question of access comes first, and only afterwards that it does not exist. */
export const entityNamed = <Kind extends NamedKind>(
  { catalog }: CatalogOnly,
  kind: Kind,
  context: CallContext,
  name: string,
): IdentityRecord<Kind> | undefined => catalog.entityByName(kind, accountOf(context), name);

/** @throws AwsError NoSuchEntity */
export function expectEntity<Kind extends NamedKind>(
  tools: CatalogOnly,
  kind: Kind,
  context: CallContext,
  name: string,
): IdentityRecord<Kind> {
  const record = entityNamed(tools, kind, context, name);
  if (record === undefined) throw noSuch(kind, name);
  return record;
}

/**
 * The OpenID Connect provider that an ARN names.
 * @throws AwsError InvalidInput for what is no ARN of a provider
 */
export function providerOfArn(
  { catalog }: CatalogOnly,
  accountId: AccountId,
  arn: string,
): OidcProviderRecord | undefined {
  const place = parseEntityArn(arn);
  if (place?.kind !== "oidcProvider") throw arnNotValid(arn);
  return place.accountId === accountId ? catalog.entityByName("oidcProvider", accountId, place.name) : undefined;
}

/** @throws AwsError NoSuchEntity, InvalidInput */
export function expectProvider(tools: CatalogOnly, context: CallContext, arn: string): OidcProviderRecord {
  const record = providerOfArn(tools, accountOf(context), arn);
  if (record === undefined) throw noSuch("oidcProvider", arn);
  return record;
}
