/** AWS SDK for JavaScript v3: roles, instance profiles and OpenID Connect providers; the whole program. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  AddClientIDToOpenIDConnectProviderCommand,
  AddRoleToInstanceProfileCommand,
  AttachRolePolicyCommand,
  CreateAccessKeyCommand,
  CreateInstanceProfileCommand,
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteConflictException,
  DeleteInstanceProfileCommand,
  DeleteOpenIDConnectProviderCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  EntityAlreadyExistsException,
  GetInstanceProfileCommand,
  GetOpenIDConnectProviderCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserCommand,
  type IAMClient,
  LimitExceededException,
  ListAccessKeysCommand,
  ListAttachedRolePoliciesCommand,
  ListInstanceProfilesCommand,
  ListInstanceProfilesForRoleCommand,
  ListInstanceProfileTagsCommand,
  ListOpenIDConnectProvidersCommand,
  ListOpenIDConnectProviderTagsCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListRoleTagsCommand,
  NoSuchEntityException,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  paginateListRoles,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  RemoveRoleFromInstanceProfileCommand,
  TagInstanceProfileCommand,
  TagOpenIDConnectProviderCommand,
  TagRoleCommand,
  UntagInstanceProfileCommand,
  UntagOpenIDConnectProviderCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateOpenIDConnectProviderThumbprintCommand,
  UpdateRoleCommand,
  UpdateRoleDescriptionCommand,
  waitUntilInstanceProfileExists,
  waitUntilRoleExists,
} from "@aws-sdk/client-iam";
import { ListBucketsCommand } from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { type ClientCloud, startClientCloud } from "../../support/client-cloud.ts";
import { clientConfiguration } from "../../support/client-options.ts";
import { iamClientFor } from "../../support/iam.ts";
import { s3ClientFor } from "../../support/s3.ts";

const READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
const trustOf = (principal: object): string =>
  JSON.stringify(
    { Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal: principal, Action: "sts:AssumeRole" }] },
    null,
    2,
  );
const TRUST = trustOf({ Service: ["lambda.amazonaws.com", "ec2.amazonaws.com"] });

async function thrown(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error("the call succeeded");
}

describe("roles through the SDK", () => {
  let here: ClientCloud;
  let iam: IAMClient;

  beforeAll(async () => {
    here = await startClientCloud();
    iam = iamClientFor(here.environment);
  });
  afterAll(async () => {
    await here.dispose();
  });

  test("roles: created, read, changed, listed, deleted", async () => {
    const RoleName = "worker";
    const Tags = [{ Key: "stage", Value: "test" }];
    const created = await iam.send(
      new CreateRoleCommand({
        RoleName,
        Path: "/service/",
        AssumeRolePolicyDocument: TRUST,
        Description: "works",
        MaxSessionDuration: 7200,
        PermissionsBoundary: READ,
        Tags,
      }),
    );
    const role = created.Role!;
    expect(role.RoleId).toMatch(/^AROA/);
    expect(decodeURIComponent(role.AssumeRolePolicyDocument!)).toBe(TRUST);
    const waited = await waitUntilRoleExists({ client: iam, maxWaitTime: 10 }, { RoleName });
    expect(String(waited.state)).toBe("SUCCESS");
    const read = (await iam.send(new GetRoleCommand({ RoleName }))).Role!;
    expect(read).toEqual({ ...role, RoleLastUsed: {} });
    expect(read).toMatchObject({
      Description: "works",
      MaxSessionDuration: 7200,
      Tags,
      PermissionsBoundary: { PermissionsBoundaryArn: READ },
    });
    expect(read.Arn).toEndWith(":role/service/worker");
    expect(await thrown(iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST })))).toBeInstanceOf(
      EntityAlreadyExistsException,
    );

    await iam.send(new UpdateRoleCommand({ RoleName, MaxSessionDuration: 3600 }));
    const described = await iam.send(new UpdateRoleDescriptionCommand({ RoleName, Description: "works harder" }));
    expect(described.Role).toMatchObject({ Description: "works harder", MaxSessionDuration: 3600 });
    const trust = trustOf({ AWS: "*" });
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: trust }));
    await iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }));
    const changed = (await iam.send(new GetRoleCommand({ RoleName }))).Role!;
    expect(decodeURIComponent(changed.AssumeRolePolicyDocument!)).toBe(trust);
    expect(changed.PermissionsBoundary).toBeUndefined();
    await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: READ }));
    const { Roles } = await iam.send(new ListRolesCommand({ PathPrefix: "/service/" }));
    expect(Roles?.map((listed) => [listed.RoleName, listed.Tags, listed.PermissionsBoundary])).toEqual([
      [RoleName, undefined, undefined],
    ]);

    const inline = { RoleName, PolicyName: "all" };
    const document = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}';
    await iam.send(new PutRolePolicyCommand({ ...inline, PolicyDocument: document }));
    expect(decodeURIComponent((await iam.send(new GetRolePolicyCommand(inline))).PolicyDocument!)).toBe(document);
    expect((await iam.send(new ListRolePoliciesCommand({ RoleName }))).PolicyNames).toEqual(["all"]);
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: READ }));
    expect((await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }))).AttachedPolicies?.length).toBe(1);
    expect(await thrown(iam.send(new DeleteRoleCommand({ RoleName })))).toBeInstanceOf(DeleteConflictException);
    await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: READ }));
    expect(await thrown(iam.send(new DeleteRoleCommand({ RoleName })))).toBeInstanceOf(DeleteConflictException);
    await iam.send(new DeleteRolePolicyCommand(inline));

    await iam.send(new TagRoleCommand({ RoleName, Tags: [{ Key: "more", Value: "" }] }));
    expect((await iam.send(new ListRoleTagsCommand({ RoleName }))).Tags).toEqual([{ Key: "more", Value: "" }, ...Tags]);
    await iam.send(new UntagRoleCommand({ RoleName, TagKeys: ["more", "stage"] }));
    expect((await iam.send(new GetRoleCommand({ RoleName }))).Role?.Tags).toBeUndefined();
    await iam.send(new DeleteRoleCommand({ RoleName }));
    expect(await thrown(iam.send(new GetRoleCommand({ RoleName })))).toBeInstanceOf(NoSuchEntityException);
  });

  test("a role that is assumed shows when it was used", async () => {
    const RoleName = "used";
    const { Role } = await iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trustOf({ AWS: "*" }) }),
    );
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: READ }));
    // Root cannot assume roles (STS API Reference, AssumeRole): a user does it.
    const sts = new STSClient(clientConfiguration(here.environment, { credentials: await assumer(iam) }));
    const session = await sts.send(new AssumeRoleCommand({ RoleArn: Role!.Arn!, RoleSessionName: "test" }));
    const { AccessKeyId, SecretAccessKey, SessionToken } = session.Credentials!;
    const credentials = { accessKeyId: AccessKeyId!, secretAccessKey: SecretAccessKey!, sessionToken: SessionToken! };
    await s3ClientFor(here.environment, { credentials, region: "eu-west-1" }).send(new ListBucketsCommand({}));
    // A session is no user: whose things are meant has to be said.
    const inSession = iamClientFor(here.environment, { credentials });
    for (const command of [new GetUserCommand({}), new ListAccessKeysCommand({})]) {
      expect(await thrown(inSession.send(command as GetUserCommand))).toMatchObject({
        name: "ValidationError",
        message: "Must specify userName when calling with non-User credentials",
      });
    }
    const { RoleLastUsed } = (await iam.send(new GetRoleCommand({ RoleName }))).Role!;
    expect(RoleLastUsed?.Region).toBe(here.environment.AWS_REGION!);
    expect(Date.now() - RoleLastUsed!.LastUsedDate!.getTime()).toBeLessThan(60_000);
  });

  test("many roles, page by page", async () => {
    const names = Array.from({ length: 12 }, (_, index) => `many-${String(index).padStart(2, "0")}`);
    const create = (RoleName: string) =>
      iam.send(new CreateRoleCommand({ RoleName, Path: "/many/", AssumeRolePolicyDocument: TRUST }));
    await Promise.all(names.map(create));
    const found: (string | undefined)[] = [];
    for await (const { Roles } of paginateListRoles({ client: iam, pageSize: 5 }, { PathPrefix: "/many/" })) {
      found.push(...Roles!.map(({ RoleName }) => RoleName));
    }
    expect(found).toEqual(names);
  });

  test("instance profiles hold one role", async () => {
    const InstanceProfileName = "machine";
    const Tags = [{ Key: "a", Value: "b" }];
    for (const RoleName of ["first", "second"]) {
      await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST }));
    }
    const created = await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName, Path: "/m/", Tags }));
    expect(created.InstanceProfile).toMatchObject({ Roles: [], Tags });
    expect(created.InstanceProfile?.Arn).toEndWith(":instance-profile/m/machine");
    const waited = await waitUntilInstanceProfileExists({ client: iam, maxWaitTime: 10 }, { InstanceProfileName });
    expect(String(waited.state)).toBe("SUCCESS");
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: "first" }));
    expect(
      await thrown(iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: "second" }))),
    ).toBeInstanceOf(LimitExceededException);
    const { InstanceProfile } = await iam.send(new GetInstanceProfileCommand({ InstanceProfileName }));
    expect(InstanceProfile?.Roles?.map(({ RoleName }) => RoleName)).toEqual(["first"]);
    expect(decodeURIComponent(InstanceProfile!.Roles![0]!.AssumeRolePolicyDocument!)).toBe(TRUST);
    const listed = await iam.send(new ListInstanceProfilesCommand({}));
    const ofRole = await iam.send(new ListInstanceProfilesForRoleCommand({ RoleName: "first" }));
    expect(ofRole.InstanceProfiles).toEqual(listed.InstanceProfiles!);
    expect((await iam.send(new ListInstanceProfilesForRoleCommand({ RoleName: "second" }))).InstanceProfiles).toEqual(
      [],
    );
    await iam.send(new TagInstanceProfileCommand({ InstanceProfileName, Tags: [{ Key: "A", Value: "c" }] }));
    await iam.send(new UntagInstanceProfileCommand({ InstanceProfileName, TagKeys: ["a"] }));
    expect((await iam.send(new ListInstanceProfileTagsCommand({ InstanceProfileName }))).Tags).toEqual([
      { Key: "A", Value: "c" },
    ]);
    expect(await thrown(iam.send(new DeleteRoleCommand({ RoleName: "first" })))).toBeInstanceOf(
      DeleteConflictException,
    );
    expect(await thrown(iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName })))).toBeInstanceOf(
      DeleteConflictException,
    );
    const removal = { InstanceProfileName, RoleName: "first" };
    await iam.send(new RemoveRoleFromInstanceProfileCommand(removal));
    expect(await thrown(iam.send(new RemoveRoleFromInstanceProfileCommand(removal)))).toBeInstanceOf(
      NoSuchEntityException,
    );
    await iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName }));
    await iam.send(new DeleteRoleCommand({ RoleName: "first" }));
  });

  test("OpenID Connect providers", async () => {
    const Url = "https://id.example.com/tenants/blue";
    const ThumbprintList = ["a".repeat(40)];
    const Tags = [{ Key: "a", Value: "b" }];
    const created = await iam.send(
      new CreateOpenIDConnectProviderCommand({ Url, ClientIDList: ["app", "web"], ThumbprintList, Tags }),
    );
    const OpenIDConnectProviderArn = created.OpenIDConnectProviderArn!;
    expect(OpenIDConnectProviderArn).toEndWith(":oidc-provider/id.example.com/tenants/blue");
    expect(created.Tags).toEqual(Tags);
    const provider = { OpenIDConnectProviderArn };
    expect(await iam.send(new GetOpenIDConnectProviderCommand(provider))).toMatchObject({
      Url: "id.example.com/tenants/blue",
      ClientIDList: ["app", "web"],
      ThumbprintList,
      Tags,
    });
    expect(await thrown(iam.send(new CreateOpenIDConnectProviderCommand({ Url })))).toBeInstanceOf(
      EntityAlreadyExistsException,
    );
    expect((await iam.send(new ListOpenIDConnectProvidersCommand({}))).OpenIDConnectProviderList).toEqual([
      { Arn: OpenIDConnectProviderArn },
    ]);
    await iam.send(new AddClientIDToOpenIDConnectProviderCommand({ ...provider, ClientID: "cli" }));
    await iam.send(new RemoveClientIDFromOpenIDConnectProviderCommand({ ...provider, ClientID: "web" }));
    await iam.send(new RemoveClientIDFromOpenIDConnectProviderCommand({ ...provider, ClientID: "never" }));
    await iam.send(
      new UpdateOpenIDConnectProviderThumbprintCommand({
        ...provider,
        ThumbprintList: ["b".repeat(40), "C".repeat(40)],
      }),
    );
    await iam.send(new TagOpenIDConnectProviderCommand({ ...provider, Tags: [{ Key: "A", Value: "c" }] }));
    await iam.send(new UntagOpenIDConnectProviderCommand({ ...provider, TagKeys: ["a"] }));
    expect((await iam.send(new ListOpenIDConnectProviderTagsCommand(provider))).Tags).toEqual([
      { Key: "A", Value: "c" },
    ]);
    const changed = await iam.send(new GetOpenIDConnectProviderCommand(provider));
    expect(changed.ClientIDList).toEqual(["app", "cli"]);
    expect(changed.ThumbprintList).toEqual(["b".repeat(40), "C".repeat(40)]);
    await iam.send(new DeleteOpenIDConnectProviderCommand(provider));
    await iam.send(new DeleteOpenIDConnectProviderCommand(provider));
    expect(await thrown(iam.send(new GetOpenIDConnectProviderCommand(provider)))).toBeInstanceOf(NoSuchEntityException);
  });
});

/** Credentials of a new user that may assume roles. */
async function assumer(iam: IAMClient) {
  const UserName = "assumer";
  await iam.send(new CreateUserCommand({ UserName }));
  const PolicyDocument =
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}}';
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "assume", PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
}
