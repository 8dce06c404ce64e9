/** AWS SDK for JavaScript v3: users, groups, their policies, access keys and tags; errors by class, pages, waiters; the whole program. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  AddUserToGroupCommand,
  AttachGroupPolicyCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteConflictException,
  DeleteGroupCommand,
  DeleteGroupPolicyCommand,
  DeleteUserCommand,
  DeleteUserPermissionsBoundaryCommand,
  DeleteUserPolicyCommand,
  DetachGroupPolicyCommand,
  DetachUserPolicyCommand,
  EntityAlreadyExistsException,
  GetAccessKeyLastUsedCommand,
  GetGroupCommand,
  GetGroupPolicyCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  type IAMClient,
  LimitExceededException,
  ListAccessKeysCommand,
  ListAttachedGroupPoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListGroupPoliciesCommand,
  ListGroupsCommand,
  ListGroupsForUserCommand,
  ListUserPoliciesCommand,
  ListUsersCommand,
  ListUserTagsCommand,
  MalformedPolicyDocumentException,
  NoSuchEntityException,
  PutGroupPolicyCommand,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
  paginateGetGroup,
  paginateListUsers,
  paginateListUserTags,
  RemoveUserFromGroupCommand,
  TagUserCommand,
  UntagUserCommand,
  UpdateAccessKeyCommand,
  UpdateGroupCommand,
  UpdateUserCommand,
  waitUntilUserExists,
} from "@aws-sdk/client-iam";
import { CreateBucketCommand, ListBucketsCommand } from "@aws-sdk/client-s3";
import { type ClientCloud, startClientCloud } from "../../support/client-cloud.ts";
import { iamClientFor } from "../../support/iam.ts";
import { s3ClientFor } from "../../support/s3.ts";

const READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
const FULL = "arn:aws:iam::aws:policy/AmazonS3FullAccess";
const LISTING =
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}';

async function thrown(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error("the call succeeded");
}

describe("users and groups through the SDK", () => {
  let here: ClientCloud;
  let iam: IAMClient;
  let account: string;

  beforeAll(async () => {
    here = await startClientCloud();
    iam = iamClientFor(here.environment);
    const { User } = await iam.send(new GetUserCommand({}));
    account = User!.UserId!;
    expect(User).toMatchObject({ Arn: `arn:aws:iam::${account}:root` });
  });
  afterAll(async () => {
    await here.dispose();
  });

  test("users: created, found, listed by path, renamed, deleted", async () => {
    const Tags = [{ Key: "team", Value: "blue" }];
    const created = await iam.send(
      new CreateUserCommand({ UserName: "Ada", Path: "/people/a/", Tags, PermissionsBoundary: FULL }),
    );
    expect(created.User).toMatchObject({
      UserName: "Ada",
      Path: "/people/a/",
      Arn: `arn:aws:iam::${account}:user/people/a/Ada`,
      Tags,
      PermissionsBoundary: { PermissionsBoundaryArn: FULL, PermissionsBoundaryType: "Policy" as never },
    });
    expect(created.User?.UserId).toMatch(/^AIDA[A-Z2-7]{17}$/);
    expect(Date.now() - created.User!.CreateDate!.getTime()).toBeLessThan(60_000);
    const waited = await waitUntilUserExists({ client: iam, maxWaitTime: 10 }, { UserName: "Ada" });
    expect(String(waited.state)).toBe("SUCCESS");
    expect((await iam.send(new GetUserCommand({ UserName: "ada" }))).User).toEqual(created.User);
    expect(await thrown(iam.send(new CreateUserCommand({ UserName: "ADA" })))).toBeInstanceOf(
      EntityAlreadyExistsException,
    );
    const below = await iam.send(new ListUsersCommand({ PathPrefix: "/people/" }));
    expect(below.Users?.map(({ UserName }) => UserName)).toEqual(["Ada"]);
    expect(below.Users?.[0]?.Tags).toBeUndefined();
    expect((await iam.send(new ListUsersCommand({ PathPrefix: "/nobody/" }))).Users).toEqual([]);

    await iam.send(new UpdateUserCommand({ UserName: "Ada", NewUserName: "Lovelace", NewPath: "/" }));
    const { User } = await iam.send(new GetUserCommand({ UserName: "Lovelace" }));
    expect(User).toMatchObject({ Arn: `arn:aws:iam::${account}:user/Lovelace`, UserId: created.User?.UserId });
    expect(await thrown(iam.send(new GetUserCommand({ UserName: "Ada" })))).toBeInstanceOf(NoSuchEntityException);
    await iam.send(new DeleteUserCommand({ UserName: "Lovelace" }));
    expect(await thrown(iam.send(new DeleteUserCommand({ UserName: "Lovelace" })))).toBeInstanceOf(
      NoSuchEntityException,
    );
  });

  test("inline policies of users, and what stands in the way of a deletion", async () => {
    await iam.send(new CreateUserCommand({ UserName: "inline" }));
    const name = { UserName: "inline", PolicyName: "list" };
    await iam.send(new PutUserPolicyCommand({ ...name, PolicyDocument: LISTING }));
    const read = await iam.send(new GetUserPolicyCommand(name));
    expect(decodeURIComponent(read.PolicyDocument!)).toBe(LISTING);
    expect((await iam.send(new ListUserPoliciesCommand({ UserName: "inline" }))).PolicyNames).toEqual(["list"]);
    expect(await thrown(iam.send(new PutUserPolicyCommand({ ...name, PolicyDocument: "{}" })))).toBeInstanceOf(
      MalformedPolicyDocumentException,
    );
    expect(await thrown(iam.send(new DeleteUserCommand({ UserName: "inline" })))).toBeInstanceOf(
      DeleteConflictException,
    );
    await iam.send(new DeleteUserPolicyCommand(name));
    expect(await thrown(iam.send(new DeleteUserPolicyCommand(name)))).toBeInstanceOf(NoSuchEntityException);
    await iam.send(new DeleteUserCommand({ UserName: "inline" }));
  });

  test("managed policies and boundaries of users", async () => {
    const UserName = "managed";
    await iam.send(new CreateUserCommand({ UserName }));
    await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: READ }));
    await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: READ }));
    expect((await iam.send(new ListAttachedUserPoliciesCommand({ UserName }))).AttachedPolicies).toEqual([
      { PolicyName: "AmazonS3ReadOnlyAccess", PolicyArn: READ },
    ]);
    await iam.send(new PutUserPermissionsBoundaryCommand({ UserName, PermissionsBoundary: READ }));
    const boundary = async () =>
      (await iam.send(new GetUserCommand({ UserName }))).User?.PermissionsBoundary?.PermissionsBoundaryArn;
    expect(await boundary()).toBe(READ);
    await iam.send(new DeleteUserPermissionsBoundaryCommand({ UserName }));
    expect(await boundary()).toBeUndefined();
    expect(await thrown(iam.send(new DeleteUserCommand({ UserName })))).toMatchObject({
      name: "DeleteConflictException",
      message: "Cannot delete entity, must detach all policies first.",
    });
    await iam.send(new DetachUserPolicyCommand({ UserName, PolicyArn: READ }));
    await iam.send(new DeleteUserCommand({ UserName }));
  });

  test("groups and who is in them", async () => {
    const created = await iam.send(new CreateGroupCommand({ GroupName: "makers", Path: "/teams/" }));
    expect(created.Group).toMatchObject({ Arn: `arn:aws:iam::${account}:group/teams/makers` });
    expect(created.Group?.GroupId).toMatch(/^AGPA/);
    for (const UserName of ["g3", "g1", "g2"]) {
      await iam.send(new CreateUserCommand({ UserName }));
      await iam.send(new AddUserToGroupCommand({ GroupName: "makers", UserName }));
    }
    await iam.send(new AddUserToGroupCommand({ GroupName: "makers", UserName: "g1" }));
    const members: (string | undefined)[] = [];
    for await (const page of paginateGetGroup({ client: iam, pageSize: 1 }, { GroupName: "makers" })) {
      expect(page.Group).toEqual(created.Group!);
      members.push(...page.Users!.map(({ UserName }) => UserName));
    }
    expect(members).toEqual(["g1", "g2", "g3"]);
    const of = async (UserName: string) =>
      (await iam.send(new ListGroupsForUserCommand({ UserName }))).Groups?.map(({ GroupName }) => GroupName);
    expect(await of("g1")).toEqual(["makers"]);

    const policy = { GroupName: "makers", PolicyName: "list" };
    await iam.send(new PutGroupPolicyCommand({ ...policy, PolicyDocument: LISTING }));
    expect(decodeURIComponent((await iam.send(new GetGroupPolicyCommand(policy))).PolicyDocument!)).toBe(LISTING);
    expect((await iam.send(new ListGroupPoliciesCommand({ GroupName: "makers" }))).PolicyNames).toEqual(["list"]);
    await iam.send(new AttachGroupPolicyCommand({ GroupName: "makers", PolicyArn: READ }));
    const attached = await iam.send(new ListAttachedGroupPoliciesCommand({ GroupName: "makers" }));
    expect(attached.AttachedPolicies?.map(({ PolicyArn }) => PolicyArn)).toEqual([READ]);

    await iam.send(new UpdateGroupCommand({ GroupName: "makers", NewGroupName: "builders", NewPath: "/" }));
    expect(await of("g2")).toEqual(["builders"]);
    expect((await iam.send(new ListGroupsCommand({}))).Groups?.map(({ Arn }) => Arn)).toEqual([
      `arn:aws:iam::${account}:group/builders`,
    ]);
    const group = { GroupName: "builders" };
    expect(await thrown(iam.send(new DeleteGroupCommand(group)))).toBeInstanceOf(DeleteConflictException);
    await iam.send(new DeleteGroupPolicyCommand({ ...policy, ...group }));
    await iam.send(new DetachGroupPolicyCommand({ ...group, PolicyArn: READ }));
    for (const UserName of ["g1", "g2", "g3"]) {
      await iam.send(new RemoveUserFromGroupCommand({ ...group, UserName }));
      await iam.send(new DeleteUserCommand({ UserName }));
    }
    await iam.send(new DeleteGroupCommand(group));
    expect(await thrown(iam.send(new GetGroupCommand(group)))).toBeInstanceOf(NoSuchEntityException);
  });

  test("an access key does what its user and its groups may do, until it is switched off", async () => {
    const UserName = "keyed";
    await iam.send(new CreateUserCommand({ UserName }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    const AccessKeyId = AccessKey!.AccessKeyId!;
    expect(AccessKey).toMatchObject({ UserName, Status: "Active" });
    const credentials = { accessKeyId: AccessKeyId, secretAccessKey: AccessKey!.SecretAccessKey! };
    const s3 = s3ClientFor(here.environment, { credentials });
    const lists = async () => {
      try {
        await s3.send(new ListBucketsCommand({}));
        return "yes";
      } catch (error) {
        return (error as Error).name;
      }
    };
    const used = async () => (await iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId }))).AccessKeyLastUsed;
    expect(await used()).toEqual({ ServiceName: "N/A", Region: "N/A" });
    expect(await lists()).toBe("AccessDenied");
    await iam.send(new CreateGroupCommand({ GroupName: "readers" }));
    await iam.send(new AttachGroupPolicyCommand({ GroupName: "readers", PolicyArn: READ }));
    await iam.send(new AddUserToGroupCommand({ GroupName: "readers", UserName }));
    expect(await lists()).toBe("yes");
    expect(await thrown(s3.send(new CreateBucketCommand({ Bucket: "not-for-readers" })))).toMatchObject({
      name: "AccessDenied",
    });
    expect(await used()).toMatchObject({ ServiceName: "s3", Region: here.environment.AWS_REGION! });
    // It may ask about itself when it is allowed to.
    const self = iamClientFor(here.environment, { credentials });
    expect(await thrown(self.send(new GetUserCommand({})))).toMatchObject({ name: "AccessDenied" });
    const own = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"arn:aws:iam::*:user/\${aws:username}"}}`;
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "self", PolicyDocument: own }));
    expect((await self.send(new GetUserCommand({}))).User?.UserName).toBe(UserName);
    const { AccessKey: second } = await self.send(new CreateAccessKeyCommand({}));
    expect(await thrown(self.send(new CreateAccessKeyCommand({})))).toBeInstanceOf(LimitExceededException);
    const listed = (await self.send(new ListAccessKeysCommand({}))).AccessKeyMetadata!;
    expect(listed.map((key) => key.AccessKeyId).sort()).toEqual([AccessKeyId, second!.AccessKeyId!].sort());
    expect(listed.every((key) => key.UserName === UserName && key.Status === "Active")).toBe(true);

    await iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status: "Inactive" }));
    expect(await lists()).toBe("InvalidAccessKeyId");
    await iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status: "Active" }));
    expect(await lists()).toBe("yes");
    for (const key of listed) await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId: key.AccessKeyId }));
    expect(await lists()).toBe("InvalidAccessKeyId");
    expect((await iam.send(new ListAccessKeysCommand({ UserName }))).AccessKeyMetadata).toEqual([]);
  });

  test("root's own keys", async () => {
    const { AccessKeyMetadata } = await iam.send(new ListAccessKeysCommand({}));
    expect(AccessKeyMetadata).toMatchObject([{ AccessKeyId: here.environment.AWS_ACCESS_KEY_ID!, Status: "Active" }]);
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({}));
    await iam.send(new DeleteAccessKeyCommand({ AccessKeyId: AccessKey?.AccessKeyId }));
  });

  test("tags, page by page", async () => {
    const UserName = "tagged";
    await iam.send(new CreateUserCommand({ UserName }));
    const Tags = ["a", "b", "c"].map((Key) => ({ Key, Value: Key.repeat(2) }));
    await iam.send(new TagUserCommand({ UserName, Tags }));
    await iam.send(new TagUserCommand({ UserName, Tags: [{ Key: "B", Value: "new" }] }));
    const pages: unknown[] = [];
    for await (const { Tags: page } of paginateListUserTags({ client: iam, pageSize: 2 }, { UserName }))
      pages.push(page);
    expect(pages).toEqual([
      [
        { Key: "B", Value: "new" },
        { Key: "a", Value: "aa" },
      ],
      [{ Key: "c", Value: "cc" }],
    ]);
    await iam.send(new UntagUserCommand({ UserName, TagKeys: ["b", "c", "never"] }));
    expect((await iam.send(new ListUserTagsCommand({ UserName }))).Tags).toEqual([{ Key: "a", Value: "aa" }]);
  });

  test("lists of any length, page by page", async () => {
    const names = Array.from({ length: 25 }, (_, index) => `many-${String(index).padStart(2, "0")}`);
    await Promise.all(names.map((UserName) => iam.send(new CreateUserCommand({ UserName, Path: "/many/" }))));
    const found: (string | undefined)[] = [];
    for await (const { Users } of paginateListUsers({ client: iam, pageSize: 10 }, { PathPrefix: "/many/" })) {
      found.push(...Users!.map(({ UserName }) => UserName));
    }
    expect(found).toEqual(names);
  });
});
