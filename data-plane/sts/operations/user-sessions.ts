/** GetSessionToken and GetFederationToken: sessions of users and of the root user, made with their long-term keys. */
import { federatedUserArn, type KeyedCaller } from "#data-plane/principals";
import type { AccessRequest, CallContext } from "#data-plane/service";
import { userSessionSeconds } from "../rules/durations.ts";
import { expectNoSecondFactor } from "../rules/second-factor.ts";
import { sessionPoliciesOf } from "../rules/session-policies.ts";
import { sessionTagsOf, tagConditions } from "../rules/session-tags.ts";
import { callerOf, type Definitions } from "../service/define.ts";
import type { StsEnvironment } from "../service/environment.ts";
import { issueSession } from "../service/issue-session.ts";

/** @throws Error for sessions, which the front door does not let through */
function keyHolderOf(context: CallContext): Extract<KeyedCaller, { type: "root" | "user" }> {
  const caller = callerOf(context);
  if ((caller.type !== "root" && caller.type !== "user") || caller.session !== undefined) {
    throw new Error(`${caller.arn} came here with a session`);
  }
  return caller;
}

export const userSessions = (tools: StsEnvironment): Definitions<"GetSessionToken" | "GetFederationToken"> => ({
  GetSessionToken: {
    /** Policies cannot speak of it: it gives no more than the caller has (IAM User Guide, "Permissions for GetSessionToken"). */
    access: () => [],
    handle(input, context) {
      expectNoSecondFactor(input);
      const { type, accountId, accessKeyId } = keyHolderOf(context);
      return issueSession(
        tools,
        {
          principal: { type: "caller", accountId, madeWithKey: accessKeyId },
          durationSeconds: userSessionSeconds(input.DurationSeconds, type),
          tokenCharactersMin: input.MinimumSessionTokenSize,
        },
        context.now,
      );
    },
  },
  GetFederationToken: {
    access({ Name, Tags = [] }, context) {
      const { accountId } = callerOf(context);
      const question = (action: string): AccessRequest => ({
        action,
        resource: federatedUserArn(accountId, Name),
        resourceAccount: accountId,
        conditions: tagConditions(Tags, []),
      });
      const asked = question("sts:GetFederationToken");
      return Tags.length === 0 ? [asked] : [asked, question("sts:TagSession")];
    },
    handle(input, context) {
      const { Name, Tags = [] } = input;
      const { type, accountId, accessKeyId } = keyHolderOf(context);
      const { tags } = sessionTagsOf(Tags, [], undefined);
      const issued = issueSession(
        tools,
        {
          principal: { type: "federated", accountId, name: Name, madeWithKey: accessKeyId, tags },
          durationSeconds: userSessionSeconds(input.DurationSeconds, type),
          ...sessionPoliciesOf(tools.catalog, accountId, input),
          tokenCharactersMin: input.MinimumSessionTokenSize,
        },
        context.now,
      );
      return {
        ...issued,
        FederatedUser: { FederatedUserId: `${accountId}:${Name}`, Arn: federatedUserArn(accountId, Name) },
        PackedPolicySize: issued.SessionTokenUtilization,
      };
    },
  },
});
