/** The session of an assumed role, once it is allowed. */
import { assumedRoleArn } from "#data-plane/principals";
import type { STS } from "#foundation/aws";
import type { Assumption } from "../rules/assumption.ts";
import { roleSessionSeconds } from "../rules/durations.ts";
import { existing } from "../rules/role.ts";
import { sessionPoliciesOf } from "../rules/session-policies.ts";
import type { StsEnvironment } from "./environment.ts";
import { type IssuedSession, issueSession } from "./issue-session.ts";

interface LimitsInput {
  readonly Policy?: string;
  readonly PolicyArns?: readonly STS.PolicyDescriptorType[];
  readonly MinimumSessionTokenSize?: number;
}

interface IssuedRoleSession extends IssuedSession {
  readonly AssumedRoleUser: STS.AssumedRoleUser;
  readonly PackedPolicySize: number;
  readonly SourceIdentity: string | undefined;
}

/** @throws AwsError ValidationError, MalformedPolicyDocument, PackedPolicyTooLarge */
export function issueRoleSession(
  tools: StsEnvironment,
  assumption: Assumption,
  limits: LimitsInput,
  now: number,
): IssuedRoleSession {
  const { role, sessionName, tags, transitiveTags, sourceIdentity, chained = false, federated } = assumption;
  const { accountId, entityId: roleId, name } = existing(role);
  const issued = issueSession(
    tools,
    {
      principal: {
        type: "role",
        accountId,
        roleId,
        sessionName,
        tags,
        transitiveTags,
        sourceIdentity,
        chained: chained ? true : undefined,
        federated,
      },
      durationSeconds: roleSessionSeconds(assumption.durationSeconds, existing(role), chained),
      ...sessionPoliciesOf(tools.catalog, accountId, limits),
      tokenCharactersMin: limits.MinimumSessionTokenSize,
    },
    now,
  );
  return {
    ...issued,
    AssumedRoleUser: {
      AssumedRoleId: `${roleId}:${sessionName}`,
      Arn: assumedRoleArn(accountId, name, sessionName),
    },
    PackedPolicySize: issued.SessionTokenUtilization,
    SourceIdentity: sourceIdentity,
  };
}
