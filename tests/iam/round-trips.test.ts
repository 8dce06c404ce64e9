/** What is put comes back byte for byte, also through renames, versions and others who change the same at the same time. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import * as IAM from "@aws-sdk/client-iam";
import fc from "fast-check";
import { IDENTITY_LIMITS } from "#control-plane/identity";
import { openWorld, type World } from "./world.ts";

let world: World;
const arn = (rest: string) => `arn:aws:iam::${world.account}:${rest}`;

beforeAll(async () => {
  world = await openWorld();
  await world.iam.send(new IAM.CreateUserCommand({ UserName: "ada" }));
});
afterAll(() => world.close());

/** Documents as people and tools write them: any white space, any text of Latin-1 where text may be. */
const blank = fc.string({ unit: fc.constantFrom(" ", "\n", "\r\n", "\t"), maxLength: 3 });
const text = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) });
const documents = fc
  .tuple(blank, blank, blank, blank, text, fc.constantFrom("s3:Get*", "*", "sqs:SendMessage"))
  .map(
    ([a, b, c, d, id, action]) =>
      `{${a}"Version"${b}:"2012-10-17",${c}"Id":${JSON.stringify(id)},"Statement":[${d}{"Effect":"Allow","Action":"${action}","Resource":"*"}${a}]}`,
  )
  // The quota of a user's inline policies is 2,048 characters.
  .filter((document) => document.length <= 2000);

test("inline policies", async () => {
  await fc.assert(
    fc.asyncProperty(documents, async (PolicyDocument) => {
      const name = { UserName: "ada", PolicyName: "p" };
      await world.iam.send(new IAM.PutUserPolicyCommand({ ...name, PolicyDocument }));
      const read = await world.iam.send(new IAM.GetUserPolicyCommand(name));
      expect(decodeURIComponent(read.PolicyDocument!)).toBe(PolicyDocument);
    }),
    { numRuns: 50 },
  );
});

test("names that are members of every object", async () => {
  const odd = "__proto__";
  const PolicyDocument = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}';
  await world.iam.send(new IAM.CreateUserCommand({ UserName: odd, Tags: [{ Key: odd, Value: "tag" }] }));
  await world.iam.send(new IAM.PutUserPolicyCommand({ UserName: odd, PolicyName: odd, PolicyDocument }));
  const read = await world.iam.send(new IAM.GetUserPolicyCommand({ UserName: odd, PolicyName: odd }));
  expect(decodeURIComponent(read.PolicyDocument!)).toBe(PolicyDocument);
  const { User } = await world.iam.send(new IAM.GetUserCommand({ UserName: odd }));
  expect(User?.Tags).toEqual([{ Key: odd, Value: "tag" }]);
  const created = await world.iam.send(
    new IAM.CreateOpenIDConnectProviderCommand({ Url: "https://odd.example.com", ClientIDList: [odd, "constructor"] }),
  );
  const provider = { OpenIDConnectProviderArn: created.OpenIDConnectProviderArn };
  expect((await world.iam.send(new IAM.GetOpenIDConnectProviderCommand(provider))).ClientIDList).toEqual([
    odd,
    "constructor",
  ]);
  await world.iam.send(new IAM.RemoveClientIDFromOpenIDConnectProviderCommand({ ...provider, ClientID: odd }));
  expect((await world.iam.send(new IAM.GetOpenIDConnectProviderCommand(provider))).ClientIDList).toEqual([
    "constructor",
  ]);
  await world.iam.send(new IAM.UntagUserCommand({ UserName: odd, TagKeys: [odd] }));
  await world.iam.send(new IAM.DeleteUserPolicyCommand({ UserName: odd, PolicyName: odd }));
  await world.iam.send(new IAM.DeleteUserCommand({ UserName: odd }));
});

test("managed policies, version by version, the default switched back and forth", async () => {
  const document = (sid: string) =>
    `{ "Version" : "2012-10-17",\n  "Statement" : {"Sid":"${sid}","Effect":"Allow","Action":"s3:*","Resource":"*"} }`;
  const { Policy } = await world.iam.send(
    new IAM.CreatePolicyCommand({ PolicyName: "p", Path: "/team/", PolicyDocument: document("v1"), Description: "d" }),
  );
  const PolicyArn = Policy!.Arn!;
  expect(PolicyArn).toBe(arn("policy/team/p"));
  const read = async (VersionId: string) => {
    const { PolicyVersion } = await world.iam.send(new IAM.GetPolicyVersionCommand({ PolicyArn, VersionId }));
    return [decodeURIComponent(PolicyVersion!.Document!), PolicyVersion!.IsDefaultVersion];
  };
  const add = (sid: string, SetAsDefault: boolean) =>
    world.iam.send(new IAM.CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: document(sid), SetAsDefault }));
  await world.iam.send(new IAM.AttachUserPolicyCommand({ UserName: "ada", PolicyArn }));
  expect((await add("v2", true)).PolicyVersion).toMatchObject({ VersionId: "v2", IsDefaultVersion: true });
  expect((await add("v3", false)).PolicyVersion).toMatchObject({ VersionId: "v3", IsDefaultVersion: false });
  expect(await read("v1")).toEqual([document("v1"), false]);
  expect(await read("v2")).toEqual([document("v2"), true]);
  await world.iam.send(new IAM.SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: "v1" }));
  expect(await read("v1")).toEqual([document("v1"), true]);
  await world.iam.send(new IAM.DeletePolicyVersionCommand({ PolicyArn, VersionId: "v3" }));
  // Numbers are never given twice.
  expect((await add("v4", false)).PolicyVersion?.VersionId).toBe("v4");
  const { Versions } = await world.iam.send(new IAM.ListPolicyVersionsCommand({ PolicyArn }));
  expect(Versions?.map(({ VersionId }) => VersionId)).toEqual(["v4", "v2", "v1"]);
  const got = await world.iam.send(new IAM.GetPolicyCommand({ PolicyArn }));
  expect(got.Policy).toMatchObject({ DefaultVersionId: "v1", AttachmentCount: 1, Description: "d", Path: "/team/" });
});

test("versions that are made at the same time have numbers of their own", async () => {
  const PolicyDocument = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}';
  const { Policy } = await world.iam.send(new IAM.CreatePolicyCommand({ PolicyName: "contended", PolicyDocument }));
  const PolicyArn = Policy!.Arn!;
  const add = () => world.iam.send(new IAM.CreatePolicyVersionCommand({ PolicyArn, PolicyDocument }));
  const made = await Promise.all([add(), add(), add(), add()]);
  expect(made.map(({ PolicyVersion }) => PolicyVersion?.VersionId).sort()).toEqual(["v2", "v3", "v4", "v5"]);
});

test("a tag that somebody else writes in another case meanwhile is replaced, not doubled", async () => {
  const tag = (Key: string, Value: string) =>
    world.iam.send(new IAM.TagUserCommand({ UserName: "ada", Tags: [{ Key, Value }] }));
  await tag("team", "a");
  world.beforeNext = () => tag("TEAM", "b");
  await tag("Team", "c");
  const { Tags } = await world.iam.send(new IAM.ListUserTagsCommand({ UserName: "ada" }));
  expect(Tags).toEqual([{ Key: "Team", Value: "c" }]);
});

test("a user keeps everything through a rename", async () => {
  await world.iam.send(new IAM.CreateUserCommand({ UserName: "old", Tags: [{ Key: "a", Value: "b" }] }));
  await world.iam.send(new IAM.CreateGroupCommand({ GroupName: "g" }));
  await world.iam.send(new IAM.AddUserToGroupCommand({ UserName: "old", GroupName: "g" }));
  const { AccessKey } = await world.iam.send(new IAM.CreateAccessKeyCommand({ UserName: "old" }));
  await world.iam.send(new IAM.UpdateUserCommand({ UserName: "old", NewUserName: "new", NewPath: "/x/" }));
  const { User } = await world.iam.send(new IAM.GetUserCommand({ UserName: "new" }));
  expect(User).toMatchObject({ Arn: arn("user/x/new"), Tags: [{ Key: "a", Value: "b" }] });
  const { AccessKeyMetadata } = await world.iam.send(new IAM.ListAccessKeysCommand({ UserName: "new" }));
  expect(AccessKeyMetadata?.map(({ AccessKeyId }) => AccessKeyId)).toEqual([AccessKey?.AccessKeyId]);
  const { Users } = await world.iam.send(new IAM.GetGroupCommand({ GroupName: "g" }));
  expect(Users?.map(({ UserName }) => UserName)).toEqual(["new"]);
});

test("the summary shows the quotas that the control plane holds everybody to", async () => {
  const { SummaryMap } = await world.iam.send(new IAM.GetAccountSummaryCommand({}));
  const { entitiesPerAccount, accessKeysPerOwner } = IDENTITY_LIMITS;
  expect(SummaryMap).toMatchObject({
    UsersQuota: entitiesPerAccount.user,
    GroupsQuota: entitiesPerAccount.group,
    RolesQuota: entitiesPerAccount.role,
    PoliciesQuota: entitiesPerAccount.managedPolicy,
    InstanceProfilesQuota: entitiesPerAccount.instanceProfile,
    AccessKeysPerUserQuota: accessKeysPerOwner,
  });
});

test("policies of AWS are counted for each account by itself", async () => {
  const PolicyArn = "arn:aws:iam::aws:policy/SecurityAudit";
  await world.iam.send(new IAM.CreateGroupCommand({ GroupName: "auditors" }));
  await world.iam.send(new IAM.AttachGroupPolicyCommand({ GroupName: "auditors", PolicyArn }));
  const count = async (client: IAM.IAMClient) =>
    (await client.send(new IAM.GetPolicyCommand({ PolicyArn }))).Policy?.AttachmentCount;
  expect([await count(world.iam), await count(world.otherIam)]).toEqual([1, 0]);
  const { PolicyGroups } = await world.otherIam.send(new IAM.ListEntitiesForPolicyCommand({ PolicyArn }));
  expect(PolicyGroups).toEqual([]);
});

test("trust policies are encoded wherever roles are shown", async () => {
  const document =
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}}';
  const shown = [
    (await world.iam.send(new IAM.CreateRoleCommand({ RoleName: "shown", AssumeRolePolicyDocument: document }))).Role,
    (await world.iam.send(new IAM.GetRoleCommand({ RoleName: "shown" }))).Role,
    (await world.iam.send(new IAM.ListRolesCommand({}))).Roles?.[0],
    (await world.iam.send(new IAM.GetAccountAuthorizationDetailsCommand({}))).RoleDetailList?.[0],
  ];
  for (const role of shown) {
    expect(role?.AssumeRolePolicyDocument).toMatch(/^%7B%22Version%22%3A/);
    expect(decodeURIComponent(role!.AssumeRolePolicyDocument!)).toBe(document);
  }
});
