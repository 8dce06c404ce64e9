/** GetCallerIdentity and GetAccessKeyInfo. */
import type { AccountId } from "#contracts";
import { accountOfKey } from "#foundation/ids";
import { validationError } from "../errors.ts";
import { callerOf, type Definitions } from "../service/define.ts";
import type { StsEnvironment } from "../service/environment.ts";

export const identities = ({ catalog }: StsEnvironment): Definitions<"GetCallerIdentity" | "GetAccessKeyInfo"> => ({
  /** Whoever has credentials may know whose they are, whatever policies say. */
  GetCallerIdentity: {
    access: () => [],
    handle(_input, context) {
      const { userId, accountId, arn } = callerOf(context);
      return { UserId: userId, Account: accountId, Arn: arn };
    },
  },
  GetAccessKeyInfo: {
    access: (_input, context) => [
      { action: "sts:GetAccessKeyInfo", resource: "*", resourceAccount: callerOf(context).accountId },
    ],
    /** Of keys that exist here, and of all that carry the number of an account of this cloud: sessions are nowhere written down. */
    handle({ AccessKeyId }) {
      const accountId = catalog.accessKey(AccessKeyId)?.accountId ?? (accountOfKey(AccessKeyId) as string | undefined);
      if (accountId === undefined || catalog.account(accountId as AccountId) === undefined) {
        throw validationError(`The access key ID ${AccessKeyId} does not belong to an account of this cloud.`);
      }
      return { Account: accountId };
    },
  },
});
