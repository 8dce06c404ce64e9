/** Managed policies of users, groups and roles (IAM API Reference: AttachUserPolicy, DetachUserPolicy, ListAttachedUserPolicies, and so for groups and roles). */
import { noSuch, policyNotAttachable } from "../errors.ts";
import { attachedTo, sortKeyOf } from "../service/attachments.ts";
import { accountOf } from "../service/define.ts";
import type { IamEnvironment } from "../service/environment.ts";
import { patch } from "../service/execute.ts";
import { pageOf } from "../service/paging.ts";
import { policyOfArn } from "../service/policy-view.ts";
import { forPrincipals } from "./principal-operations.ts";

const conditions = ({ PolicyArn }: { readonly PolicyArn: string }) => ({ "iam:policyarn": PolicyArn });

export const attachments = (tools: IamEnvironment) => ({
  ...forPrincipals(tools, "Attach{}Policy", {
    conditions,
    async handle(record, { PolicyArn: arn }, context) {
      if (policyOfArn(tools, accountOf(context), arn) === undefined) throw policyNotAttachable(arn);
      await patch(tools, context, record, { attachedPolicies: { [arn]: true } });
      return {};
    },
  }),

  ...forPrincipals(tools, "Detach{}Policy", {
    conditions,
    async handle(record, { PolicyArn: arn }, context) {
      if (!Object.hasOwn(record.sections.attachedPolicies ?? {}, arn)) {
        // An ARN that is none is another mistake than a policy that is not attached.
        policyOfArn(tools, accountOf(context), arn);
        throw noSuch("managedPolicy", arn);
      }
      await patch(tools, context, record, { attachedPolicies: { [arn]: null } });
      return {};
    },
  }),

  ...forPrincipals(tools, "ListAttached{}Policies", {
    handle(record, input) {
      const { PathPrefix: prefix = "/" } = input;
      const policies = attachedTo(tools, record).filter(({ path }) => path.startsWith(prefix));
      const { items, end } = pageOf(policies, sortKeyOf, input, `attached policies ${record.entityId} ${prefix}`);
      return { AttachedPolicies: items.map(({ name, arn }) => ({ PolicyName: name, PolicyArn: arn })), ...end };
    },
  }),
});
