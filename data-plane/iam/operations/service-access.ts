/** Which policies let somebody use a service (IAM API Reference: ListPoliciesGrantingServiceAccess). */
import type { IAM } from "#foundation/aws";
import { grantsService } from "../rules/service-access.ts";
import type { Definitions } from "../service/define.ts";
import type { IamEnvironment } from "../service/environment.ts";
import { pageOf } from "../service/paging.ts";
import { expectPolicySource } from "../service/policy-source.ts";
import { type PrincipalPolicy, policiesOf } from "../service/principal-policies.ts";
import { question } from "../service/questions.ts";
import { PRINCIPAL_NOUNS } from "./principal-operations.ts";

export function serviceAccess(tools: IamEnvironment): Definitions<"ListPoliciesGrantingServiceAccess"> {
  return {
    ListPoliciesGrantingServiceAccess: {
      access: (input, context) => [question("ListPoliciesGrantingServiceAccess", context, input.Arn)],
      handle(input, context) {
        const policies = policiesOf(tools, expectPolicySource(tools, context, input.Arn));
        const namespaces = [...new Set(input.ServiceNamespaces)].sort();
        const { items, end } = pageOf(namespaces, (namespace) => namespace, input, `service access ${input.Arn}`);
        return {
          PoliciesGrantingServiceAccess: items.map((namespace) => ({
            ServiceNamespace: namespace,
            Policies: policies.filter(({ document }) => grantsService(document, namespace)).map(shown),
          })),
          ...end,
        };
      },
    },
  };
}

const shown = (policy: PrincipalPolicy): IAM.PolicyGrantingServiceAccess =>
  policy.type === "managed"
    ? { PolicyName: policy.name, PolicyType: "MANAGED", PolicyArn: policy.arn }
    : {
        PolicyName: policy.name,
        PolicyType: "INLINE",
        EntityType: PRINCIPAL_NOUNS[policy.bearer.kind].toUpperCase() as IAM.PolicyOwnerEntityType,
        EntityName: policy.bearer.name,
      };
