/** Everything at once (IAM API Reference: GetAccountAuthorizationDetails). */
import type { AccountId, GroupRecord, RoleRecord, UserRecord } from "#contracts";
import type { IAM } from "#foundation/aws";
import { briefRole, briefUser, shownBoundary, shownGroup, shownTags } from "../rules/answers.ts";
import { encodeDocument } from "../rules/documents.ts";
import { fullPolicy, fullVersion } from "../rules/policy-answers.ts";
import { attachedTo, type PrincipalRecord } from "../service/attachments.ts";
import { accountOf, type Definitions, type InputOf } from "../service/define.ts";
import type { IamEnvironment } from "../service/environment.ts";
import { roleLastUsed } from "../service/last-use.ts";
import { byKey, pageOf } from "../service/paging.ts";
import { awsPolicyViews, type PolicyView, viewOfRecord } from "../service/policy-view.ts";
import { question } from "../service/questions.ts";
import { groupsOfUser } from "./groups.ts";
import { profilesOfRole, shownProfile } from "./instance-profiles.ts";
import { usesOf } from "./managed-policies.ts";

/** One entry of the four lists, which are paged as if they were one. */
type Entry =
  | { readonly list: "users"; readonly record: UserRecord }
  | { readonly list: "groups"; readonly record: GroupRecord }
  | { readonly list: "roles"; readonly record: RoleRecord }
  | { readonly list: "policies"; readonly view: PolicyView };

/** In this order over all pages. */
const LISTS: readonly Entry["list"][] = ["users", "groups", "roles", "policies"];

const keyOf = (entry: Entry): string =>
  `${LISTS.indexOf(entry.list)} ${entry.list === "policies" ? entry.view.arn : entry.record.name}`;

export function authorizationDetails(tools: IamEnvironment): Definitions<"GetAccountAuthorizationDetails"> {
  return {
    GetAccountAuthorizationDetails: {
      access: (_input, context) => [question("GetAccountAuthorizationDetails", context)],
      handle(input, context) {
        const accountId = accountOf(context);
        const entries = entriesOf(tools, accountId, input);
        const scope = `GetAccountAuthorizationDetails ${accountId} ${[...(input.Filter ?? [])].sort().join()}`;
        const { items, end } = pageOf(entries, keyOf, input, scope);
        return {
          UserDetailList: items.flatMap((entry) => (entry.list === "users" ? [userDetail(tools, entry.record)] : [])),
          GroupDetailList: items.flatMap((entry) =>
            entry.list === "groups" ? [groupDetail(tools, entry.record)] : [],
          ),
          RoleDetailList: items.flatMap((entry) => (entry.list === "roles" ? [roleDetail(tools, entry.record)] : [])),
          Policies: items.flatMap((entry) =>
            entry.list === "policies" ? [policyDetail(tools, accountId, entry.view)] : [],
          ),
          ...end,
        };
      },
    },
  };
}

function entriesOf(
  tools: IamEnvironment,
  accountId: AccountId,
  { Filter = [] }: InputOf<"GetAccountAuthorizationDetails">,
): readonly Entry[] {
  const { catalog } = tools;
  const wants = (type: IAM.EntityType): boolean => Filter.length === 0 || Filter.includes(type);
  const all = <Kind extends "user" | "group" | "role">(type: IAM.EntityType, kind: Kind) =>
    wants(type) ? catalog.entitiesOf(kind, accountId) : [];
  // Of AWS's policies only those that the account uses.
  const inUse = (view: PolicyView): boolean => {
    const { attached, asBoundary } = usesOf(tools, accountId, view);
    return attached + asBoundary > 0;
  };
  const policies = [
    ...(wants("LocalManagedPolicy") ? catalog.entitiesOf("managedPolicy", accountId).map(viewOfRecord) : []),
    ...(wants("AWSManagedPolicy") ? awsPolicyViews().filter(inUse) : []),
  ];
  const entries: Entry[] = [
    ...all("User", "user").map((record) => ({ list: "users", record }) as const),
    ...all("Group", "group").map((record) => ({ list: "groups", record }) as const),
    ...all("Role", "role").map((record) => ({ list: "roles", record }) as const),
    ...policies.map((view) => ({ list: "policies", view }) as const),
  ];
  return entries.sort(byKey(keyOf));
}

const inlineOf = ({ sections }: PrincipalRecord): readonly IAM.PolicyDetail[] =>
  Object.entries(sections.inlinePolicies ?? {}).map(([PolicyName, document]) => ({
    PolicyName,
    PolicyDocument: encodeDocument(document),
  }));

const attachedOf = (tools: IamEnvironment, record: PrincipalRecord): readonly IAM.AttachedPolicy[] =>
  attachedTo(tools, record).map(({ name, arn }) => ({ PolicyName: name, PolicyArn: arn }));

function userDetail(tools: IamEnvironment, record: UserRecord): IAM.UserDetail {
  const inline = inlineOf(record);
  return {
    ...briefUser(record),
    ...(inline.length === 0 ? {} : { UserPolicyList: inline }),
    GroupList: groupsOfUser(tools, record).map(({ name }) => name),
    AttachedManagedPolicies: attachedOf(tools, record),
    ...shownBoundary(record.sections.boundary),
    ...shownTags(record.sections.tags),
  };
}

const groupDetail = (tools: IamEnvironment, record: GroupRecord): IAM.GroupDetail => ({
  ...shownGroup(record),
  GroupPolicyList: inlineOf(record),
  AttachedManagedPolicies: attachedOf(tools, record),
});

function roleDetail(tools: IamEnvironment, record: RoleRecord): IAM.RoleDetail {
  const { Path, RoleName, RoleId, Arn, CreateDate, AssumeRolePolicyDocument } = briefRole(tools.catalog, record);
  return {
    Path,
    RoleName,
    RoleId,
    Arn,
    CreateDate,
    ...(AssumeRolePolicyDocument === undefined ? {} : { AssumeRolePolicyDocument }),
    InstanceProfileList: profilesOfRole(tools, record).map((profile) => shownProfile(tools, profile)),
    RolePolicyList: inlineOf(record),
    AttachedManagedPolicies: attachedOf(tools, record),
    ...shownBoundary(record.sections.boundary),
    ...shownTags(record.sections.tags),
    RoleLastUsed: roleLastUsed(tools, record),
  };
}

function policyDetail(tools: IamEnvironment, accountId: AccountId, view: PolicyView): IAM.ManagedPolicyDetail {
  const { Tags: _, ...policy } = fullPolicy(view, usesOf(tools, accountId, view));
  return { ...policy, PolicyVersionList: view.versions.map((version) => fullVersion(version, view)) };
}
