/** Users (IAM API Reference: CreateUser, GetUser, ListUsers, UpdateUser, DeleteUser). */
import type { AccountId } from "#contracts";
import type { IAM } from "#foundation/aws";
import { briefUser, fullUser } from "../rules/answers.ts";
import { tagsOf } from "../rules/tags.ts";
import { accountOf, type Definitions } from "../service/define.ts";
import type { IamEnvironment } from "../service/environment.ts";
import { expectEntity } from "../service/find.ts";
import { createNamed, listBelow, remove, rename, renameQuestions } from "../service/life-cycle.ts";
import { checkBoundary } from "../service/policy-view.ts";
import { createQuestions, listQuestion, namedQuestion } from "../service/questions.ts";
import { personOf, personQuestion, rootArn, rootName } from "../service/self.ts";

type Names = "CreateUser" | "GetUser" | "ListUsers" | "UpdateUser" | "DeleteUser";

export function users(tools: IamEnvironment): Definitions<Names> {
  return {
    CreateUser: {
      access: ({ UserName: name, Path: path, PermissionsBoundary: boundary, Tags = [] }, context) =>
        createQuestions("User", context, { kind: "user", name, path }, tagsOf("user", Tags), boundary),
      async handle({ UserName: name, Path: path, PermissionsBoundary: boundary, Tags }, context) {
        checkBoundary(tools, context, boundary);
        const record = await createNamed(
          tools,
          context,
          "user",
          { name, path },
          {
            ...(boundary === undefined ? {} : { boundary }),
            ...(Tags === undefined ? {} : { tags: tagsOf("user", Tags) }),
          },
        );
        return { User: fullUser(record) };
      },
    },

    GetUser: {
      access: (input, context) => [personQuestion(tools, "GetUser", context, input.UserName)],
      handle(input, context) {
        const person = personOf(context, input.UserName);
        if (person.type === "root") return { User: rootUser(tools, accountOf(context)) };
        return { User: fullUser(expectEntity(tools, "user", context, person.userName)) };
      },
    },

    ListUsers: {
      access: (input, context) => [listQuestion("ListUsers", context, "user", input.PathPrefix)],
      handle(input, context) {
        const { items, end } = listBelow(tools, context, "user", input);
        return { Users: items.map(briefUser), ...end };
      },
    },

    UpdateUser: {
      access: ({ UserName, NewUserName: name, NewPath: path }, context) =>
        renameQuestions(tools, "UpdateUser", context, "user", UserName, { name, path }),
      async handle({ UserName, NewUserName: name, NewPath: path }, context) {
        await rename(tools, context, "user", UserName, { name, path });
        return {};
      },
    },

    DeleteUser: {
      access: (input, context) => [namedQuestion(tools, "DeleteUser", context, "user", input.UserName)],
      async handle(input, context) {
        await remove(tools, context, expectEntity(tools, "user", context, input.UserName));
        return {};
      },
    },
  };
}

/** With the account's own id. */
const rootUser = (tools: IamEnvironment, accountId: AccountId): IAM.User => ({
  Path: "/",
  UserName: rootName(tools, accountId),
  UserId: accountId,
  Arn: rootArn(accountId),
  CreateDate: new Date(tools.catalog.account(accountId)?.createdAt ?? 0),
});
