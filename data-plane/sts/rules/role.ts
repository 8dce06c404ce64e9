/** The role that a request names, and the question whether it may be assumed. */
import type { AccountId, RoleRecord } from "#contracts";
import type { CatalogLookups } from "#data-plane/link";
import { TRUSTS_NOBODY, trustPolicyOf } from "#data-plane/principals";
import type { AccessRequest } from "#data-plane/service";
import { entityArn, parseEntityArn } from "#foundation/ids";
import { validationError } from "../errors.ts";

/** What an ARN says, and the role if there is one. */
export interface NamedRole {
  readonly arn: string;
  readonly accountId: AccountId;
  readonly record: RoleRecord | undefined;
}

/** @throws AwsError ValidationError for what is no ARN of a role */
export function roleOfArn(catalog: CatalogLookups, arn: string): NamedRole {
  const place = parseEntityArn(arn);
  if (place?.kind !== "role" || place.accountId === "aws") throw validationError(`${arn} is invalid`);
  const accountId = place.accountId as AccountId;
  const found = catalog.entityByName("role", accountId, place.name);
  // Names are unique whatever their case and path, but an ARN is good only as it is written.
  const record = found !== undefined && entityArn(found) === arn ? found : undefined;
  return { arn, accountId, record };
}

/** A question about a role. One that does not exist trusts nobody, so that both are refused in the same words. */
export function questionAbout(
  { arn, accountId, record }: NamedRole,
  action: string,
  more: Pick<AccessRequest, "conditions" | "asker">,
): AccessRequest {
  const tags = Object.entries(record?.sections.tags ?? {});
  return {
    action,
    resource: arn,
    resourceAccount: accountId,
    resourcePolicy: record === undefined ? TRUSTS_NOBODY : trustPolicyOf(record),
    conditions: {
      ...more.conditions,
      ...Object.fromEntries(
        tags.flatMap(([key, value]) =>
          ["aws", "iam"].map((prefix) => [`${prefix}:resourcetag/${key.toLowerCase()}`, value]),
        ),
      ),
    },
    asker: more.asker,
  };
}

/** @throws Error when access was granted to a role that is not there: it trusts nobody */
export function existing({ arn, record }: NamedRole): RoleRecord {
  if (record === undefined) throw new Error(`${arn} was assumed and does not exist`);
  return record;
}
