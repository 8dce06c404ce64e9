/** Who uses a policy (IAM API Reference: ListEntitiesForPolicy). */

import { bearersOf, type PolicyUse, type PrincipalRecord } from "../service/attachments.ts";
import { accountOf, type Definitions } from "../service/define.ts";
import type { IamEnvironment } from "../service/environment.ts";
import { byKey, pageOf } from "../service/paging.ts";
import { expectPolicy } from "../service/policy-view.ts";
import { policyQuestion } from "../service/questions.ts";

/** In this order over all pages. */
const KINDS = { group: "Group", user: "User", role: "Role" } as const;

/** Kind and name: somebody is found once, be the policy attached or the boundary or both. */
const keyOf = ({ kind, name }: PrincipalRecord): string => `${Object.keys(KINDS).indexOf(kind)} ${name}`;

export function policyBearers(tools: IamEnvironment): Definitions<"ListEntitiesForPolicy"> {
  return {
    ListEntitiesForPolicy: {
      access: (input, context) => [policyQuestion(tools, "ListEntitiesForPolicy", context, input.PolicyArn)],
      handle(input, context) {
        const { PolicyUsageFilter: usage, EntityFilter: filter, PathPrefix: prefix = "/" } = input;
        const { arn } = expectPolicy(tools, context, input.PolicyArn);
        const uses: readonly PolicyUse[] = [
          ...(usage === "PermissionsBoundary" ? [] : (["attachedPolicies"] as const)),
          ...(usage === "PermissionsPolicy" ? [] : (["boundary"] as const)),
        ];
        const found = new Map<string, PrincipalRecord>();
        for (const use of uses) {
          const { users, groups, roles } = bearersOf(tools, accountOf(context), arn, use);
          for (const record of [...users, ...groups, ...roles]) found.set(keyOf(record), record);
        }
        const wanted = [...found.values()]
          .filter(({ kind, path }) => (filter === undefined || filter === KINDS[kind]) && path.startsWith(prefix))
          .sort(byKey(keyOf));
        const scope = `ListEntitiesForPolicy ${accountOf(context)} ${arn} ${filter} ${usage} ${prefix}`;
        const { items, end } = pageOf(wanted, keyOf, input, scope);
        const those = (kind: PrincipalRecord["kind"]) => items.filter((record) => record.kind === kind);
        return {
          PolicyGroups: those("group").map(({ name, entityId }) => ({ GroupName: name, GroupId: entityId })),
          PolicyUsers: those("user").map(({ name, entityId }) => ({ UserName: name, UserId: entityId })),
          PolicyRoles: those("role").map(({ name, entityId }) => ({ RoleName: name, RoleId: entityId })),
          ...end,
        };
      },
    },
  };
}
