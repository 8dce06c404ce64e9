/** Roles (IAM API Reference: CreateRole, GetRole, ListRoles, UpdateRole, UpdateRoleDescription, UpdateAssumeRolePolicy, DeleteRole). */
import { briefRole, fullRole } from "../rules/answers.ts";
import { tagsOf } from "../rules/tags.ts";
import type { Definitions } from "../service/define.ts";
import type { IamEnvironment } from "../service/environment.ts";
import { patch } from "../service/execute.ts";
import { expectEntity } from "../service/find.ts";
import { roleLastUsed } from "../service/last-use.ts";
import { createNamed, listBelow, remove } from "../service/life-cycle.ts";
import { checkBoundary } from "../service/policy-view.ts";
import { createQuestions, listQuestion, namedQuestion } from "../service/questions.ts";

type Names =
  | "CreateRole"
  | "GetRole"
  | "ListRoles"
  | "UpdateRole"
  | "UpdateRoleDescription"
  | "UpdateAssumeRolePolicy"
  | "DeleteRole";

/** An empty description is none. */
const descriptionOrNone = (description: string): string | null => (description === "" ? null : description);

export function roles(tools: IamEnvironment): Definitions<Names> {
  return {
    CreateRole: {
      access: ({ RoleName: name, Path: path, PermissionsBoundary: boundary, Tags = [] }, context) =>
        createQuestions("Role", context, { kind: "role", name, path }, tagsOf("role", Tags), boundary),
      async handle(input, context) {
        const { RoleName: name, Path: path, Description, MaxSessionDuration, PermissionsBoundary, Tags } = input;
        checkBoundary(tools, context, PermissionsBoundary);
        const record = await createNamed(
          tools,
          context,
          "role",
          { name, path },
          {
            trustPolicy: input.AssumeRolePolicyDocument,
            ...(Description === undefined || Description === "" ? {} : { description: Description }),
            ...(MaxSessionDuration === undefined ? {} : { maxSessionDuration: MaxSessionDuration }),
            ...(PermissionsBoundary === undefined ? {} : { boundary: PermissionsBoundary }),
            ...(Tags === undefined ? {} : { tags: tagsOf("role", Tags) }),
          },
        );
        return { Role: fullRole(tools.catalog, record) };
      },
    },

    GetRole: {
      access: (input, context) => [namedQuestion(tools, "GetRole", context, "role", input.RoleName)],
      handle(input, context) {
        const role = expectEntity(tools, "role", context, input.RoleName);
        return { Role: fullRole(tools.catalog, role, roleLastUsed(tools, role)) };
      },
    },

    ListRoles: {
      access: (input, context) => [listQuestion("ListRoles", context, "role", input.PathPrefix)],
      handle(input, context) {
        const { items, end } = listBelow(tools, context, "role", input);
        return { Roles: items.map((role) => briefRole(tools.catalog, role)), ...end };
      },
    },

    // What is not named stays: IAM's reference speaks of defaults, but clients send one of the two to change one of the two.
    UpdateRole: {
      access: (input, context) => [namedQuestion(tools, "UpdateRole", context, "role", input.RoleName)],
      async handle({ RoleName, Description, MaxSessionDuration }, context) {
        await patch(tools, context, expectEntity(tools, "role", context, RoleName), {
          ...(Description === undefined ? {} : { description: descriptionOrNone(Description) }),
          ...(MaxSessionDuration === undefined ? {} : { maxSessionDuration: MaxSessionDuration }),
        });
        return {};
      },
    },

    UpdateRoleDescription: {
      access: (input, context) => [namedQuestion(tools, "UpdateRoleDescription", context, "role", input.RoleName)],
      async handle({ RoleName, Description }, context) {
        const role = expectEntity(tools, "role", context, RoleName);
        await patch(tools, context, role, { description: descriptionOrNone(Description) });
        return { Role: fullRole(tools.catalog, expectEntity(tools, "role", context, RoleName)) };
      },
    },

    UpdateAssumeRolePolicy: {
      access: (input, context) => [namedQuestion(tools, "UpdateAssumeRolePolicy", context, "role", input.RoleName)],
      async handle({ RoleName, PolicyDocument }, context) {
        await patch(tools, context, expectEntity(tools, "role", context, RoleName), { trustPolicy: PolicyDocument });
        return {};
      },
    },

    DeleteRole: {
      access: (input, context) => [namedQuestion(tools, "DeleteRole", context, "role", input.RoleName)],
      async handle(input, context) {
        await remove(tools, context, expectEntity(tools, "role", context, input.RoleName));
        return {};
      },
    },
  };
}
