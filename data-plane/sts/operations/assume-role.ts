/** AssumeRole (STS API Reference; IAM User Guide, "Methods to assume a role", "Role chaining"). */
import type { CallContext } from "#data-plane/service";
import { accessDenied, validationError } from "../errors.ts";
import { type Assumption, assumptionOf, questionsOf } from "../rules/assumption.ts";
import { roleOfArn } from "../rules/role.ts";
import { expectNoSecondFactor } from "../rules/second-factor.ts";
import { callerOf, type Definitions, type InputOf } from "../service/define.ts";
import type { StsEnvironment } from "../service/environment.ts";
import { issueRoleSession } from "../service/issue-role-session.ts";

export const assumeRole = (tools: StsEnvironment): Definitions<"AssumeRole"> => {
  const wantedBy = (input: InputOf<"AssumeRole">, context: CallContext): Assumption => {
    const caller = callerOf(context);
    return assumptionOf({
      role: roleOfArn(tools.catalog, input.RoleArn),
      action: "sts:AssumeRole",
      sessionName: input.RoleSessionName,
      passedTags: input.Tags ?? [],
      passedTransitive: input.TransitiveTagKeys ?? [],
      sourceIdentity: input.SourceIdentity,
      durationSeconds: input.DurationSeconds,
      maker: caller.session,
      chained: caller.type === "role" || caller.type === "member",
      conditions: { "sts:externalid": input.ExternalId },
    });
  };
  return {
    AssumeRole: {
      access(input, context) {
        if (callerOf(context).type === "root") throw accessDenied("Roles may not be assumed by root accounts.");
        if (input.ProvidedContexts !== undefined && input.ProvidedContexts.length > 0) {
          throw validationError("ProvidedContexts are not supported: there is no provider of contexts.");
        }
        return questionsOf(wantedBy(input, context));
      },
      handle(input, context) {
        expectNoSecondFactor(input);
        return issueRoleSession(tools, wantedBy(input, context), input, context.now);
      },
    },
  };
};
