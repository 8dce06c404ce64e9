/** Groups and who is in them (IAM API Reference: CreateGroup, GetGroup, ListGroups, ListGroupsForUser, UpdateGroup, AddUserToGroup …). */
import type { GroupRecord, UserRecord } from "#contracts";
import { briefUser, shownGroup } from "../rules/answers.ts";
import type { Definitions } from "../service/define.ts";
import type { IamEnvironment } from "../service/environment.ts";
import { patch } from "../service/execute.ts";
import { type CatalogOnly, expectEntity } from "../service/find.ts";
import { createNamed, listBelow, remove, rename, renameQuestions } from "../service/life-cycle.ts";
import { byKey, pageOf } from "../service/paging.ts";
import { createQuestions, listQuestion, namedQuestion } from "../service/questions.ts";

type Names =
  | "CreateGroup"
  | "GetGroup"
  | "ListGroups"
  | "ListGroupsForUser"
  | "UpdateGroup"
  | "DeleteGroup"
  | "AddUserToGroup"
  | "RemoveUserFromGroup";

const nameOf = ({ name }: { readonly name: string }): string => name;

/** The groups of a user, by name. */
export const groupsOfUser = ({ catalog }: CatalogOnly, user: UserRecord): readonly GroupRecord[] =>
  Object.keys(user.sections.groups ?? {})
    .map((groupId) => catalog.entity("group", user.accountId, groupId))
    .filter((group) => group !== undefined)
    .sort(byKey(nameOf));

export function groups(tools: IamEnvironment): Definitions<Names> {
  return {
    CreateGroup: {
      access: ({ GroupName: name, Path: path }, context) =>
        createQuestions("Group", context, { kind: "group", name, path }),
      async handle({ GroupName: name, Path: path }, context) {
        return { Group: shownGroup(await createNamed(tools, context, "group", { name, path }, {})) };
      },
    },

    GetGroup: {
      access: (input, context) => [namedQuestion(tools, "GetGroup", context, "group", input.GroupName)],
      handle(input, context) {
        const group = expectEntity(tools, "group", context, input.GroupName);
        const members = [...tools.catalog.entitiesReferring("user", "groups", group.entityId)].sort(byKey(nameOf));
        const { items, end } = pageOf(members, nameOf, input, `GetGroup ${group.entityId}`);
        return { Group: shownGroup(group), Users: items.map(briefUser), ...end };
      },
    },

    ListGroups: {
      access: (input, context) => [listQuestion("ListGroups", context, "group", input.PathPrefix)],
      handle(input, context) {
        const { items, end } = listBelow(tools, context, "group", input);
        return { Groups: items.map(shownGroup), ...end };
      },
    },

    ListGroupsForUser: {
      access: (input, context) => [namedQuestion(tools, "ListGroupsForUser", context, "user", input.UserName)],
      handle(input, context) {
        const user = expectEntity(tools, "user", context, input.UserName);
        const { items, end } = pageOf(groupsOfUser(tools, user), nameOf, input, `ListGroupsForUser ${user.entityId}`);
        return { Groups: items.map(shownGroup), ...end };
      },
    },

    UpdateGroup: {
      access: ({ GroupName, NewGroupName: name, NewPath: path }, context) =>
        renameQuestions(tools, "UpdateGroup", context, "group", GroupName, { name, path }),
      async handle({ GroupName, NewGroupName: name, NewPath: path }, context) {
        await rename(tools, context, "group", GroupName, { name, path });
        return {};
      },
    },

    DeleteGroup: {
      access: (input, context) => [namedQuestion(tools, "DeleteGroup", context, "group", input.GroupName)],
      async handle(input, context) {
        await remove(tools, context, expectEntity(tools, "group", context, input.GroupName));
        return {};
      },
    },

    AddUserToGroup: {
      access: (input, context) => [namedQuestion(tools, "AddUserToGroup", context, "group", input.GroupName)],
      async handle(input, context) {
        const group = expectEntity(tools, "group", context, input.GroupName);
        const user = expectEntity(tools, "user", context, input.UserName);
        await patch(tools, context, user, { groups: { [group.entityId]: true } });
        return {};
      },
    },

    // Somebody who is not in the group is no mistake, at AWS neither.
    RemoveUserFromGroup: {
      access: (input, context) => [namedQuestion(tools, "RemoveUserFromGroup", context, "group", input.GroupName)],
      async handle(input, context) {
        const group = expectEntity(tools, "group", context, input.GroupName);
        const user = expectEntity(tools, "user", context, input.UserName);
        await patch(tools, context, user, { groups: { [group.entityId]: null } });
        return {};
      },
    },
  };
}
