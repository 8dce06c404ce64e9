/** What IAM refuses, in AWS's words, seen by the official client; decided by the real control plane. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import * as IAM from "@aws-sdk/client-iam";
import { openWorld, refusal, type World } from "./world.ts";

const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
});
const allow = JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", Action: "s3:*", Resource: "*" } });

let world: World;
const send = async <Output extends object>(command: { readonly input: object }): Promise<Output> =>
  (await world.iam.send(command as never)) as Output;
/** An input as no type allows it. */
const wrong = (input: object) => input as never;
const policyArn = (name: string) => `arn:aws:iam::${world.account}:policy/${name}`;

beforeAll(async () => {
  world = await openWorld();
  await send(new IAM.CreateUserCommand({ UserName: "ada" }));
  await send(new IAM.CreateUserCommand({ UserName: "bob" }));
  await send(new IAM.CreateGroupCommand({ GroupName: "team" }));
  await send(new IAM.AddUserToGroupCommand({ GroupName: "team", UserName: "bob" }));
  await send(new IAM.CreateRoleCommand({ RoleName: "worker", AssumeRolePolicyDocument: trust }));
  await send(new IAM.CreateRoleCommand({ RoleName: "idle", AssumeRolePolicyDocument: trust }));
  await send(new IAM.CreatePolicyCommand({ PolicyName: "read", PolicyDocument: allow }));
  await send(new IAM.AttachRolePolicyCommand({ RoleName: "worker", PolicyArn: policyArn("read") }));
  await send(new IAM.CreateInstanceProfileCommand({ InstanceProfileName: "machine" }));
  await send(new IAM.AddRoleToInstanceProfileCommand({ InstanceProfileName: "machine", RoleName: "worker" }));
  await send(new IAM.CreateOpenIDConnectProviderCommand({ Url: "https://id.example.com/a" }));
  await send(new IAM.CreateAccountAliasCommand({ AccountAlias: "our-cloud" }));
  await world.otherIam.send(new IAM.CreateAccountAliasCommand({ AccountAlias: "their-cloud" }));
});
afterAll(() => world.close());

const NAME = (member: string) =>
  `ValidationError: The specified value for ${member} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`;
const CONSTRAINT = (value: string, path: string, must: string) =>
  `ValidationError: 1 validation error detected: Value ${value} at '${path}' failed to satisfy constraint: Member must ${must}`;

/** The command, and code and message of the refusal. */
type Case = readonly [what: string, command: () => { readonly input: object }, refused: string | (() => string)];

const refuses = (cases: readonly Case[]): void => {
  for (const [what, command, refused] of cases) {
    test(what, async () => {
      expect(await refusal(send(command()))).toBe(typeof refused === "string" ? refused : refused());
    });
  }
};

describe("inputs", () => {
  refuses([
    ["no name", () => new IAM.CreateUserCommand(wrong({})), CONSTRAINT("null", "userName", "not be null")],
    ["an empty name", () => new IAM.CreateUserCommand({ UserName: "" }), NAME("userName")],
    ["a name with a space", () => new IAM.CreateUserCommand({ UserName: "a b" }), NAME("userName")],
    ["a name with a slash", () => new IAM.CreateGroupCommand({ GroupName: "a/b" }), NAME("groupName")],
    ["a name in another script", () => new IAM.CreateUserCommand({ UserName: "zoë" }), NAME("userName")],
    ["a new name", () => new IAM.UpdateUserCommand({ UserName: "ada", NewUserName: "a*" }), NAME("newUserName")],
    [
      "a name of 65 characters",
      () => new IAM.CreateUserCommand({ UserName: "a".repeat(65) }),
      CONSTRAINT(`'${"a".repeat(65)}'`, "userName", "have length less than or equal to 64"),
    ],
    [
      "a path without its end",
      () => new IAM.CreateUserCommand({ UserName: "x", Path: "/x" }),
      "ValidationError: The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.",
    ],
    [
      "a path prefix without its beginning",
      () => new IAM.ListUsersCommand({ PathPrefix: "x" }),
      "ValidationError: The specified value for pathPrefix is invalid. It must begin with the / character and contain only alphanumeric characters and/or / characters.",
    ],
    [
      "no items",
      () => new IAM.ListUsersCommand({ MaxItems: 0 }),
      CONSTRAINT("'0'", "maxItems", "have value greater than or equal to 1"),
    ],
    [
      "too many items",
      () => new IAM.ListUsersCommand({ MaxItems: 1001 }),
      CONSTRAINT("'1001'", "maxItems", "have value less than or equal to 1000"),
    ],
    ["a marker of somebody", () => new IAM.ListUsersCommand({ Marker: "abc" }), "ValidationError: Invalid Marker."],
    [
      "a status in small letters",
      () => new IAM.UpdateAccessKeyCommand(wrong({ AccessKeyId: "A".repeat(16), Status: "active" })),
      CONSTRAINT("'active'", "status", "satisfy enum value set: [Active, Expired, Inactive]"),
    ],
    [
      "tags that differ in case",
      () =>
        new IAM.TagUserCommand({
          UserName: "ada",
          Tags: [
            { Key: "a", Value: "" },
            { Key: "A", Value: "" },
          ],
        }),
      "InvalidInput: Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    ],
    [
      "a tag without a key",
      () => new IAM.TagUserCommand(wrong({ UserName: "ada", Tags: [{ Value: "b" }] })),
      CONSTRAINT("null", "tags.1.member.key", "not be null"),
    ],
    [
      "a short session",
      () => new IAM.UpdateRoleCommand({ RoleName: "worker", MaxSessionDuration: 3599 }),
      CONSTRAINT("'3599'", "maxSessionDuration", "have value greater than or equal to 3600"),
    ],
    [
      "an ARN that is too short",
      () => new IAM.GetPolicyCommand({ PolicyArn: "arn" }),
      CONSTRAINT("'arn'", "policyArn", "have length greater than or equal to 20"),
    ],
    [
      "an ARN of something else",
      () => new IAM.GetPolicyCommand({ PolicyArn: "arn:aws:s3:::bucket/policy" }),
      "InvalidInput: ARN arn:aws:s3:::bucket/policy is not valid.",
    ],
    [
      "a boundary that is no ARN of a policy",
      () => new IAM.CreateUserCommand({ UserName: "x", PermissionsBoundary: "arn:aws:s3:::bucket/policy" }),
      "InvalidInput: ARN arn:aws:s3:::bucket/policy is not valid.",
    ],
    [
      "a version id that is none",
      () => new IAM.GetPolicyVersionCommand({ PolicyArn: policyArn("read"), VersionId: "1" }),
      CONSTRAINT("'1'", "versionId", "satisfy regular expression pattern: v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?"),
    ],
    [
      "an alias with a capital letter",
      () => new IAM.CreateAccountAliasCommand({ AccountAlias: "Cloud" }),
      CONSTRAINT(
        "'Cloud'",
        "accountAlias",
        "satisfy regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$",
      ),
    ],
    [
      "a URL without a scheme",
      () => new IAM.CreateOpenIDConnectProviderCommand({ Url: "id.example.com" }),
      "ValidationError: Invalid Open ID Connect Provider URL",
    ],
    [
      "a thumbprint that is no digest",
      () =>
        new IAM.CreateOpenIDConnectProviderCommand({ Url: "https://b.example.com", ThumbprintList: ["g".repeat(40)] }),
      "InvalidInput: Thumbprint must be exactly 40 hexadecimal characters.",
    ],
  ]);
});

describe("what is not there", () => {
  const nobody = "ghost";
  refuses([
    [
      "a user",
      () => new IAM.GetUserCommand({ UserName: nobody }),
      "NoSuchEntity: The user with name ghost cannot be found.",
    ],
    [
      "a group",
      () => new IAM.GetGroupCommand({ GroupName: nobody }),
      "NoSuchEntity: The group with name ghost cannot be found.",
    ],
    [
      "a role",
      () => new IAM.GetRoleCommand({ RoleName: nobody }),
      "NoSuchEntity: The role with name ghost cannot be found.",
    ],
    [
      "an instance profile",
      () => new IAM.GetInstanceProfileCommand({ InstanceProfileName: nobody }),
      "NoSuchEntity: Instance Profile ghost cannot be found.",
    ],
    [
      "a policy",
      () => new IAM.GetPolicyCommand({ PolicyArn: policyArn(nobody) }),
      () => `NoSuchEntity: Policy ${policyArn(nobody)} was not found.`,
    ],
    [
      "a policy in another letter case",
      () => new IAM.GetPolicyCommand({ PolicyArn: policyArn("READ") }),
      () => `NoSuchEntity: Policy ${policyArn("READ")} was not found.`,
    ],
    [
      "a policy of AWS",
      () => new IAM.GetPolicyCommand({ PolicyArn: "arn:aws:iam::aws:policy/NoSuchAccess" }),
      "NoSuchEntity: Policy arn:aws:iam::aws:policy/NoSuchAccess was not found.",
    ],
    [
      "a version",
      () => new IAM.GetPolicyVersionCommand({ PolicyArn: policyArn("read"), VersionId: "v2" }),
      () => `NoSuchEntity: Policy ${policyArn("read")} version v2 does not exist or is not attachable.`,
    ],
    [
      "a policy to attach",
      () => new IAM.AttachUserPolicyCommand({ UserName: "ada", PolicyArn: policyArn(nobody) }),
      () => `NoSuchEntity: Policy ${policyArn(nobody)} does not exist or is not attachable.`,
    ],
    [
      "a policy to detach",
      () => new IAM.DetachUserPolicyCommand({ UserName: "ada", PolicyArn: policyArn("read") }),
      () => `NoSuchEntity: Policy ${policyArn("read")} was not found.`,
    ],
    [
      "a policy of a user",
      () => new IAM.GetUserPolicyCommand({ UserName: "ada", PolicyName: "p" }),
      "NoSuchEntity: The user policy with name p cannot be found.",
    ],
    [
      "a policy called like a member of objects",
      () => new IAM.GetRolePolicyCommand({ RoleName: "worker", PolicyName: "constructor" }),
      "NoSuchEntity: The role policy with name constructor cannot be found.",
    ],
    [
      "a boundary",
      () => new IAM.DeleteRolePermissionsBoundaryCommand({ RoleName: "worker" }),
      "NoSuchEntity: The role with name worker does not have a permissions boundary.",
    ],
    [
      "a policy that is to be a boundary",
      () => new IAM.PutUserPermissionsBoundaryCommand({ UserName: "ada", PermissionsBoundary: policyArn(nobody) }),
      () => `NoSuchEntity: Scope ARN: ${policyArn(nobody)} does not exist or is not attachable.`,
    ],
    [
      "an access key",
      () => new IAM.DeleteAccessKeyCommand({ UserName: "ada", AccessKeyId: "AKIAAAAAAAAAAAAAAAAA" }),
      "NoSuchEntity: The Access Key with id AKIAAAAAAAAAAAAAAAAA cannot be found.",
    ],
    [
      "somebody else's access key",
      () => new IAM.DeleteAccessKeyCommand({ UserName: "ada", AccessKeyId: world.root.accessKeyId }),
      () => `NoSuchEntity: The Access Key with id ${world.root.accessKeyId} cannot be found.`,
    ],
    [
      "a role in a profile",
      () => new IAM.RemoveRoleFromInstanceProfileCommand({ InstanceProfileName: "machine", RoleName: "idle" }),
      "NoSuchEntity: The role with name idle cannot be found.",
    ],
    [
      "a provider",
      () =>
        new IAM.GetOpenIDConnectProviderCommand({
          OpenIDConnectProviderArn: `arn:aws:iam::${world.account}:oidc-provider/ghost.example.com`,
        }),
      () =>
        `NoSuchEntity: OpenIDConnect Provider not found for arn arn:aws:iam::${world.account}:oidc-provider/ghost.example.com`,
    ],
    [
      "an alias",
      () => new IAM.DeleteAccountAliasCommand({ AccountAlias: "their-cloud" }),
      "NoSuchEntity: The account alias their-cloud cannot be found.",
    ],
  ]);

  test("is another account's", async () => {
    const theirs = (command: { readonly input: object }) => refusal(world.otherIam.send(command as never));
    expect(await theirs(new IAM.GetUserCommand({ UserName: "ada" }))).toBe(
      "NoSuchEntity: The user with name ada cannot be found.",
    );
    expect(await theirs(new IAM.GetPolicyCommand({ PolicyArn: policyArn("read") }))).toBe(
      `NoSuchEntity: Policy ${policyArn("read")} was not found.`,
    );
    await world.otherIam.send(new IAM.CreatePolicyCommand({ PolicyName: "read", PolicyDocument: allow }));
    await world.otherIam.send(new IAM.CreateOpenIDConnectProviderCommand({ Url: "https://id.example.com/a" }));
    expect(await theirs(new IAM.GetPolicyCommand({ PolicyArn: policyArn("read") }))).toStartWith("NoSuchEntity: ");
    const OpenIDConnectProviderArn = `arn:aws:iam::${world.account}:oidc-provider/id.example.com/a`;
    expect(await theirs(new IAM.GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }))).toBe(
      `NoSuchEntity: OpenIDConnect Provider not found for arn ${OpenIDConnectProviderArn}`,
    );
    const PolicySourceArn = `arn:aws:iam::${world.account}:user/ada`;
    expect(await theirs(new IAM.SimulatePrincipalPolicyCommand({ PolicySourceArn, ActionNames: ["s3:*"] }))).toBe(
      `InvalidInput: Invalid Policy Source Arn: caller's account ${world.other} does not have access to policies in account ${world.account}`,
    );
    const { accessKeyId: AccessKeyId } = world.root;
    expect(await theirs(new IAM.GetAccessKeyLastUsedCommand({ AccessKeyId }))).toBe(
      `NoSuchEntity: The Access Key with id ${AccessKeyId} cannot be found.`,
    );
    expect(await theirs(new IAM.UpdateAccessKeyCommand({ AccessKeyId, Status: "Inactive" }))).toStartWith(
      "NoSuchEntity: ",
    );
  });
});

describe("what the control plane refuses", () => {
  refuses([
    [
      "a user's name, in any case",
      () => new IAM.CreateUserCommand({ UserName: "ADA" }),
      "EntityAlreadyExists: User with name ADA already exists.",
    ],
    [
      "a role's name",
      () => new IAM.CreateRoleCommand({ RoleName: "worker", AssumeRolePolicyDocument: trust }),
      "EntityAlreadyExists: Role with name worker already exists.",
    ],
    [
      "a policy's name",
      () => new IAM.CreatePolicyCommand({ PolicyName: "read", PolicyDocument: allow }),
      "EntityAlreadyExists: A policy called read already exists. Duplicate names are not allowed.",
    ],
    [
      "a provider's URL",
      () => new IAM.CreateOpenIDConnectProviderCommand({ Url: "https://id.example.com/a" }),
      "EntityAlreadyExists: Provider with url https://id.example.com/a already exists.",
    ],
    [
      "another account's alias",
      () => new IAM.CreateAccountAliasCommand({ AccountAlias: "their-cloud" }),
      "EntityAlreadyExists: The account alias their-cloud already exists.",
    ],
    [
      "a policy in use",
      () => new IAM.DeletePolicyCommand({ PolicyArn: policyArn("read") }),
      "DeleteConflict: Cannot delete a policy attached to entities.",
    ],
    [
      "a role in a profile",
      () => new IAM.DeleteRoleCommand({ RoleName: "worker" }),
      "DeleteConflict: Cannot delete entity, must remove roles from instance profile first.",
    ],
    [
      "a group with users",
      () => new IAM.DeleteGroupCommand({ GroupName: "team" }),
      "DeleteConflict: Cannot delete entity, must remove users from group first.",
    ],
    [
      "the version in force",
      () => new IAM.DeletePolicyVersionCommand({ PolicyArn: policyArn("read"), VersionId: "v1" }),
      "DeleteConflict: Cannot delete the default version of a policy.",
    ],
    [
      "a second role in a profile",
      () => new IAM.AddRoleToInstanceProfileCommand({ InstanceProfileName: "machine", RoleName: "idle" }),
      "LimitExceeded: Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
    ],
    [
      "a document that is no JSON",
      () => new IAM.PutUserPolicyCommand({ UserName: "ada", PolicyName: "p", PolicyDocument: "{" }),
      "MalformedPolicyDocument: Syntax errors in policy.",
    ],
    [
      "a trust policy with a resource",
      () =>
        new IAM.UpdateAssumeRolePolicyCommand({
          RoleName: "worker",
          PolicyDocument: trust.replace('"Action"', '"Resource":"*","Action"'),
        }),
      "MalformedPolicyDocument: Has prohibited field Resource",
    ],
    [
      "a role's own policy on somebody else",
      () =>
        new IAM.AttachRolePolicyCommand({
          RoleName: "worker",
          PolicyArn: "arn:aws:iam::aws:policy/aws-service-role/AWSElasticLoadBalancingServiceRolePolicy",
        }),
      "PolicyNotAttachable: Cannot attach a Service Role Policy to a Customer Role.",
    ],
  ]);

  test("a third access key", async () => {
    await send(new IAM.CreateAccessKeyCommand({ UserName: "bob" }));
    await send(new IAM.CreateAccessKeyCommand({ UserName: "bob" }));
    expect(await refusal(send(new IAM.CreateAccessKeyCommand({ UserName: "bob" })))).toBe(
      "LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2",
    );
  });
});

describe("what belongs to AWS", () => {
  const aws = "arn:aws:iam::aws:policy/ReadOnlyAccess";
  const sentence = `AccessDenied: Policy ${aws} belongs to AWS and cannot be changed.`;
  refuses([
    ["is not deleted", () => new IAM.DeletePolicyCommand({ PolicyArn: aws }), sentence],
    ["gets no versions", () => new IAM.CreatePolicyVersionCommand({ PolicyArn: aws, PolicyDocument: allow }), sentence],
    ["gets no tags", () => new IAM.TagPolicyCommand({ PolicyArn: aws, Tags: [{ Key: "a", Value: "b" }] }), sentence],
  ]);
});

test("statuses are those of the model", async () => {
  const status = async (command: { readonly input: object }): Promise<number | undefined> => {
    try {
      await send(command);
    } catch (error) {
      return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
    }
    return undefined;
  };
  expect([
    await status(new IAM.GetUserCommand({ UserName: "ghost" })),
    await status(new IAM.CreateUserCommand({ UserName: "ada" })),
    await status(new IAM.DeleteGroupCommand({ GroupName: "team" })),
    await status(new IAM.CreateUserCommand({ UserName: "a b" })),
    await status(new IAM.PutUserPolicyCommand({ UserName: "ada", PolicyName: "p", PolicyDocument: "{" })),
    await status(new IAM.GetCredentialReportCommand({})),
    await status(new IAM.ListMFADevicesCommand({})),
  ]).toEqual([404, 409, 409, 400, 400, 410, 501]);
});

test("without the control plane nothing is changed, and everything can be read", async () => {
  world.connected = false;
  try {
    expect(await refusal(send(new IAM.CreateUserCommand({ UserName: "later" })))).toStartWith("ServiceUnavailable: ");
    expect(await refusal(send(new IAM.DeleteUserCommand({ UserName: "ada" })))).toStartWith("ServiceUnavailable: ");
    const { Users } = await send<IAM.ListUsersCommandOutput>(new IAM.ListUsersCommand({}));
    expect(Users?.map(({ UserName }) => UserName)).toEqual(["ada", "bob"]);
  } finally {
    world.connected = true;
  }
});
