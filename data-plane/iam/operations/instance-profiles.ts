/** Instance profiles: a name under which machines find their role (IAM API Reference: CreateInstanceProfile, AddRoleToInstanceProfile …). */
import type { InstanceProfileRecord, RoleRecord } from "#contracts";
import { entityArn } from "#foundation/ids";
import { noSuch } from "../errors.ts";
import { briefInstanceProfile, fullInstanceProfile } from "../rules/answers.ts";
import { tagsOf } from "../rules/tags.ts";
import { accountOf, type Definitions } from "../service/define.ts";
import type { IamEnvironment } from "../service/environment.ts";
import { patch } from "../service/execute.ts";
import { arnOf, type CatalogOnly, entityNamed, expectEntity } from "../service/find.ts";
import { createNamed, listBelow, remove } from "../service/life-cycle.ts";
import { byKey, pageOf } from "../service/paging.ts";
import { createQuestions, listQuestion, namedQuestion, passRoleQuestion } from "../service/questions.ts";

type Names =
  | "CreateInstanceProfile"
  | "GetInstanceProfile"
  | "ListInstanceProfiles"
  | "ListInstanceProfilesForRole"
  | "AddRoleToInstanceProfile"
  | "RemoveRoleFromInstanceProfile"
  | "DeleteInstanceProfile";

const KIND = "instanceProfile";

const nameOf = ({ name }: { readonly name: string }): string => name;

/** The roles that a profile holds: one at most. */
const rolesOf = ({ catalog }: CatalogOnly, { accountId, sections }: InstanceProfileRecord): readonly RoleRecord[] =>
  Object.keys(sections.roles ?? {})
    .map((roleId) => catalog.entity("role", accountId, roleId))
    .filter((role) => role !== undefined);

/** The profiles that a role is in, by name, as lists show them. */
export const profilesOfRole = ({ catalog }: CatalogOnly, role: RoleRecord): readonly InstanceProfileRecord[] =>
  [...catalog.entitiesReferring(KIND, "roles", role.entityId)].sort(byKey(nameOf));

/** @param record as lists show it */
export const shownProfile = (tools: CatalogOnly, record: InstanceProfileRecord) =>
  briefInstanceProfile(tools.catalog, record, rolesOf(tools, record));

export function instanceProfiles(tools: IamEnvironment): Definitions<Names> {
  return {
    CreateInstanceProfile: {
      access: ({ InstanceProfileName: name, Path: path, Tags = [] }, context) =>
        createQuestions("InstanceProfile", context, { kind: KIND, name, path }, tagsOf(KIND, Tags)),
      async handle({ InstanceProfileName: name, Path: path, Tags }, context) {
        const sections = Tags === undefined ? {} : { tags: tagsOf(KIND, Tags) };
        const record = await createNamed(tools, context, KIND, { name, path }, sections);
        return { InstanceProfile: fullInstanceProfile(tools.catalog, record, []) };
      },
    },

    GetInstanceProfile: {
      access: (input, context) => [
        namedQuestion(tools, "GetInstanceProfile", context, KIND, input.InstanceProfileName),
      ],
      handle(input, context) {
        const record = expectEntity(tools, KIND, context, input.InstanceProfileName);
        return { InstanceProfile: fullInstanceProfile(tools.catalog, record, rolesOf(tools, record)) };
      },
    },

    ListInstanceProfiles: {
      access: (input, context) => [listQuestion("ListInstanceProfiles", context, KIND, input.PathPrefix)],
      handle(input, context) {
        const { items, end } = listBelow(tools, context, KIND, input);
        return { InstanceProfiles: items.map((record) => shownProfile(tools, record)), ...end };
      },
    },

    ListInstanceProfilesForRole: {
      access: (input, context) => [
        namedQuestion(tools, "ListInstanceProfilesForRole", context, "role", input.RoleName),
      ],
      handle(input, context) {
        const role = expectEntity(tools, "role", context, input.RoleName);
        const scope = `ListInstanceProfilesForRole ${role.entityId}`;
        const { items, end } = pageOf(profilesOfRole(tools, role), nameOf, input, scope);
        return { InstanceProfiles: items.map((record) => shownProfile(tools, record)), ...end };
      },
    },

    AddRoleToInstanceProfile: {
      access({ InstanceProfileName, RoleName }, context) {
        const role = entityNamed(tools, "role", context, RoleName);
        const place = { kind: "role", accountId: accountOf(context), path: "/", name: RoleName } as const;
        return [
          namedQuestion(tools, "AddRoleToInstanceProfile", context, KIND, InstanceProfileName),
          passRoleQuestion(context, role === undefined ? entityArn(place) : arnOf(role), "ec2.amazonaws.com"),
        ];
      },
      async handle(input, context) {
        const profile = expectEntity(tools, KIND, context, input.InstanceProfileName);
        const role = expectEntity(tools, "role", context, input.RoleName);
        await patch(tools, context, profile, { roles: { [role.entityId]: true } });
        return {};
      },
    },

    RemoveRoleFromInstanceProfile: {
      access: (input, context) => [
        namedQuestion(tools, "RemoveRoleFromInstanceProfile", context, KIND, input.InstanceProfileName),
      ],
      async handle(input, context) {
        const profile = expectEntity(tools, KIND, context, input.InstanceProfileName);
        const role = expectEntity(tools, "role", context, input.RoleName);
        if (!Object.hasOwn(profile.sections.roles ?? {}, role.entityId)) throw noSuch("role", input.RoleName);
        await patch(tools, context, profile, { roles: { [role.entityId]: null } });
        return {};
      },
    },

    DeleteInstanceProfile: {
      access: (input, context) => [
        namedQuestion(tools, "DeleteInstanceProfile", context, KIND, input.InstanceProfileName),
      ],
      async handle(input, context) {
        await remove(tools, context, expectEntity(tools, KIND, context, input.InstanceProfileName));
        return {};
      },
    },
  };
}
