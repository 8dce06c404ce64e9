/** Permissions boundaries of users and roles (IAM API Reference: PutUserPermissionsBoundary, DeleteUserPermissionsBoundary, and so for roles). */
import { noSuchEntity } from "../errors.ts";
import type { Definitions } from "../service/define.ts";
import type { IamEnvironment } from "../service/environment.ts";
import { patch } from "../service/execute.ts";
import { expectEntity } from "../service/find.ts";
import { checkBoundary } from "../service/policy-view.ts";
import { namedQuestion } from "../service/questions.ts";

type Names =
  | "PutUserPermissionsBoundary"
  | "PutRolePermissionsBoundary"
  | "DeleteUserPermissionsBoundary"
  | "DeleteRolePermissionsBoundary";

const noBoundary = (kind: "user" | "role", name: string) =>
  noSuchEntity(`The ${kind} with name ${name} does not have a permissions boundary.`);

/** `iam:PermissionsBoundary`: of what is put, the new one; of what is deleted, the one that is there. */
const requested = (arn: string) => ({ "iam:permissionsboundary": arn });

export function boundaries(tools: IamEnvironment): Definitions<Names> {
  return {
    PutUserPermissionsBoundary: {
      access: ({ UserName, PermissionsBoundary: arn }, context) => [
        namedQuestion(tools, "PutUserPermissionsBoundary", context, "user", UserName, requested(arn)),
      ],
      async handle({ UserName, PermissionsBoundary: boundary }, context) {
        checkBoundary(tools, context, boundary);
        await patch(tools, context, expectEntity(tools, "user", context, UserName), { boundary });
        return {};
      },
    },

    PutRolePermissionsBoundary: {
      access: ({ RoleName, PermissionsBoundary: arn }, context) => [
        namedQuestion(tools, "PutRolePermissionsBoundary", context, "role", RoleName, requested(arn)),
      ],
      async handle({ RoleName, PermissionsBoundary: boundary }, context) {
        checkBoundary(tools, context, boundary);
        await patch(tools, context, expectEntity(tools, "role", context, RoleName), { boundary });
        return {};
      },
    },

    DeleteUserPermissionsBoundary: {
      access: ({ UserName }, context) => [
        namedQuestion(tools, "DeleteUserPermissionsBoundary", context, "user", UserName),
      ],
      async handle({ UserName }, context) {
        const user = expectEntity(tools, "user", context, UserName);
        if (user.sections.boundary === undefined) throw noBoundary("user", UserName);
        await patch(tools, context, user, { boundary: null });
        return {};
      },
    },

    DeleteRolePermissionsBoundary: {
      access: ({ RoleName }, context) => [
        namedQuestion(tools, "DeleteRolePermissionsBoundary", context, "role", RoleName),
      ],
      async handle({ RoleName }, context) {
        const role = expectEntity(tools, "role", context, RoleName);
        if (role.sections.boundary === undefined) throw noBoundary("role", RoleName);
        await patch(tools, context, role, { boundary: null });
        return {};
      },
    },
  };
}
