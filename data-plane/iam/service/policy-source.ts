/** Whose policies a simulation is about (`PolicySourceArn` of SimulatePrincipalPolicy and its like). */
import type { CallContext } from "#data-plane/service";
import { parseEntityArn } from "#foundation/ids";
import { invalidInput, noSuch } from "../errors.ts";
import type { PrincipalKind, PrincipalRecord } from "./attachments.ts";
import { accountOf } from "./define.ts";
import { type CatalogOnly, entityNamed } from "./find.ts";

const KINDS: ReadonlySet<string> = new Set<PrincipalKind>(["user", "group", "role"]);

/**
 * The user, group or role of an ARN.
 * @throws AwsError InvalidInput for other ARNs and other accounts; NoSuchEntity
 */
export function expectPolicySource(tools: CatalogOnly, context: CallContext, arn: string): PrincipalRecord {
  const place = parseEntityArn(arn);
  if (place === undefined || !KINDS.has(place.kind)) {
    throw invalidInput(`Invalid Entity Arn: ${arn} does not clearly define entity type and name.`);
  }
  const account = accountOf(context);
  if (place.accountId !== account) {
    throw invalidInput(
      `Invalid Policy Source Arn: caller's account ${account} does not have access to policies in account ${place.accountId}`,
    );
  }
  const kind = place.kind as PrincipalKind;
  const record = entityNamed(tools, kind, context, place.name);
  if (record === undefined) throw noSuch(kind, place.name);
  return record;
}
