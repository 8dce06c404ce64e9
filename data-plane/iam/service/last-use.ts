/** When roles were used last, as answers show it. */
import type { RoleRecord } from "#contracts";
import type { IAM } from "#foundation/aws";
import type { IamEnvironment } from "./environment.ts";

/** Empty for a role that was never used. */
export function roleLastUsed({ uses }: Pick<IamEnvironment, "uses">, { entityId }: RoleRecord): IAM.RoleLastUsed {
  const use = uses.lastUseOf(entityId);
  return use === undefined ? {} : { LastUsedDate: new Date(use.at), Region: use.region };
}
