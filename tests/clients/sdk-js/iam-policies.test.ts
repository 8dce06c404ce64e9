/** AWS SDK for JavaScript v3: managed policies, who uses them, and the simulator; the whole program. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  AddUserToGroupCommand,
  AttachGroupPolicyCommand,
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreateGroupCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteConflictException,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DetachGroupPolicyCommand,
  DetachRolePolicyCommand,
  DetachUserPolicyCommand,
  GetContextKeysForCustomPolicyCommand,
  GetContextKeysForPrincipalPolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  type IAMClient,
  InvalidInputException,
  LimitExceededException,
  ListAttachedUserPoliciesCommand,
  ListEntitiesForPolicyCommand,
  ListPoliciesCommand,
  ListPoliciesGrantingServiceAccessCommand,
  ListPolicyTagsCommand,
  ListPolicyVersionsCommand,
  NoSuchEntityException,
  PutGroupPolicyCommand,
  PutUserPermissionsBoundaryCommand,
  paginateListPolicies,
  paginateSimulateCustomPolicy,
  SetDefaultPolicyVersionCommand,
  SimulateCustomPolicyCommand,
  SimulatePrincipalPolicyCommand,
  TagPolicyCommand,
  UntagPolicyCommand,
  waitUntilPolicyExists,
} from "@aws-sdk/client-iam";
import { type ClientCloud, startClientCloud } from "../../support/client-cloud.ts";
import { iamClientFor } from "../../support/iam.ts";

const READ = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const policy = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });
const allow = (Action: string, Resource = "*", more: object = {}) => ({ Effect: "Allow", Action, Resource, ...more });

async function thrown(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error("the call succeeded");
}

describe("managed policies through the SDK", () => {
  let here: ClientCloud;
  let iam: IAMClient;
  let userArn: string;

  beforeAll(async () => {
    here = await startClientCloud();
    iam = iamClientFor(here.environment);
    const { User } = await iam.send(new CreateUserCommand({ UserName: "ada" }));
    userArn = User!.Arn!;
    await iam.send(new CreateGroupCommand({ GroupName: "team" }));
    await iam.send(new AddUserToGroupCommand({ GroupName: "team", UserName: "ada" }));
    const AssumeRolePolicyDocument = policy({
      Effect: "Allow",
      Principal: { Service: "lambda.amazonaws.com" },
      Action: "sts:AssumeRole",
    });
    await iam.send(new CreateRoleCommand({ RoleName: "worker", AssumeRolePolicyDocument }));
  });
  afterAll(async () => {
    await here.dispose();
  });

  test("as Terraform does it: create, attach, new versions that become the default, old ones deleted, detach, delete", async () => {
    const document = (sid: string) => policy(allow("s3:GetObject", "arn:aws:s3:::b/*", { Sid: sid }));
    const Tags = [{ Key: "a", Value: "b" }];
    const created = await iam.send(
      new CreatePolicyCommand({
        PolicyName: "read",
        Path: "/t/",
        PolicyDocument: document("v1"),
        Tags,
        Description: "d",
      }),
    );
    const PolicyArn = created.Policy!.Arn!;
    expect(created.Policy).toMatchObject({ DefaultVersionId: "v1", AttachmentCount: 0, IsAttachable: true, Tags });
    const waited = await waitUntilPolicyExists({ client: iam, maxWaitTime: 10 }, { PolicyArn });
    expect(String(waited.state)).toBe("SUCCESS");
    await iam.send(new AttachRolePolicyCommand({ RoleName: "worker", PolicyArn }));
    await iam.send(new AttachUserPolicyCommand({ UserName: "ada", PolicyArn }));
    await iam.send(new AttachGroupPolicyCommand({ GroupName: "team", PolicyArn }));
    expect((await iam.send(new GetPolicyCommand({ PolicyArn }))).Policy).toMatchObject({
      AttachmentCount: 3,
      PermissionsBoundaryUsageCount: 0,
      Description: "d",
    });
    const add = (sid: string, SetAsDefault = true) =>
      iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: document(sid), SetAsDefault }));
    for (const sid of ["v2", "v3", "v4", "v5"]) await add(sid);
    expect(await thrown(add("v6"))).toBeInstanceOf(LimitExceededException);
    const { Versions } = await iam.send(new ListPolicyVersionsCommand({ PolicyArn }));
    expect(Versions?.map(({ VersionId, IsDefaultVersion }) => [VersionId, IsDefaultVersion])).toEqual([
      ["v5", true],
      ["v4", false],
      ["v3", false],
      ["v2", false],
      ["v1", false],
    ]);
    await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: "v1" }));
    expect((await add("v6")).PolicyVersion).toMatchObject({ VersionId: "v6", IsDefaultVersion: true });
    expect(await thrown(iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: "v6" })))).toBeInstanceOf(
      DeleteConflictException,
    );
    await iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: "v2" }));
    const read = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: "v2" }));
    expect(decodeURIComponent(read.PolicyVersion!.Document!)).toBe(document("v2"));
    expect(read.PolicyVersion?.IsDefaultVersion).toBe(true);

    await iam.send(new TagPolicyCommand({ PolicyArn, Tags: [{ Key: "more", Value: "" }] }));
    await iam.send(new UntagPolicyCommand({ PolicyArn, TagKeys: ["a"] }));
    expect((await iam.send(new ListPolicyTagsCommand({ PolicyArn }))).Tags).toEqual([{ Key: "more", Value: "" }]);
    expect(await thrown(iam.send(new DeletePolicyCommand({ PolicyArn })))).toBeInstanceOf(DeleteConflictException);
    await iam.send(new DetachRolePolicyCommand({ RoleName: "worker", PolicyArn }));
    await iam.send(new DetachUserPolicyCommand({ UserName: "ada", PolicyArn }));
    await iam.send(new DetachGroupPolicyCommand({ GroupName: "team", PolicyArn }));
    expect(await thrown(iam.send(new DetachGroupPolicyCommand({ GroupName: "team", PolicyArn })))).toBeInstanceOf(
      NoSuchEntityException,
    );
    for (const VersionId of ["v3", "v4", "v5", "v6"]) {
      await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId }));
    }
    await iam.send(new DeletePolicyCommand({ PolicyArn }));
    expect(await thrown(iam.send(new GetPolicyCommand({ PolicyArn })))).toBeInstanceOf(NoSuchEntityException);
  });

  test("AWS's own policies are there, counted for each account", async () => {
    const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn: READ }));
    expect(Policy).toMatchObject({ PolicyName: "ReadOnlyAccess", Path: "/", AttachmentCount: 0 });
    const { PolicyVersion } = await iam.send(
      new GetPolicyVersionCommand({ PolicyArn: READ, VersionId: Policy!.DefaultVersionId! }),
    );
    expect(JSON.parse(decodeURIComponent(PolicyVersion!.Document!)).Version).toBe("2012-10-17");
    await iam.send(new AttachUserPolicyCommand({ UserName: "ada", PolicyArn: READ }));
    await iam.send(new PutUserPermissionsBoundaryCommand({ UserName: "ada", PermissionsBoundary: READ }));
    expect((await iam.send(new GetPolicyCommand({ PolicyArn: READ }))).Policy).toMatchObject({
      AttachmentCount: 1,
      PermissionsBoundaryUsageCount: 1,
    });
    const attached = await iam.send(new ListPoliciesCommand({ OnlyAttached: true }));
    expect(attached.Policies?.map(({ Arn }) => Arn)).toEqual([READ]);
  });

  test("lists by scope, path and use, page by page", async () => {
    for (const [PolicyName, Path] of [
      ["zulu", "/list/"],
      ["alpha", "/list/"],
      ["mike", "/other/"],
    ]) {
      await iam.send(new CreatePolicyCommand({ PolicyName, Path, PolicyDocument: policy(allow("s3:*")) }));
    }
    const names = async (input: object) => {
      const found: (string | undefined)[] = [];
      for await (const { Policies } of paginateListPolicies({ client: iam, pageSize: 7 }, input)) {
        found.push(...Policies!.map(({ PolicyName }) => PolicyName));
      }
      return found;
    };
    expect(await names({ Scope: "Local", PathPrefix: "/list/" })).toEqual(["alpha", "zulu"]);
    const local = await names({ Scope: "Local" });
    const aws = await names({ Scope: "AWS" });
    expect(aws.length).toBeGreaterThan(30);
    expect(aws).toContain("AWSLambdaBasicExecutionRole");
    expect(await names({})).toEqual([...local, ...aws].sort());
    expect(await names({ Scope: "AWS", PathPrefix: "/service-role/" })).not.toContain("ReadOnlyAccess");
    expect(await names({ PolicyUsageFilter: "PermissionsBoundary" })).toEqual(["ReadOnlyAccess"]);
  });

  test("who uses a policy, as policy and as boundary", async () => {
    await iam.send(new AttachGroupPolicyCommand({ GroupName: "team", PolicyArn: READ }));
    const all = await iam.send(new ListEntitiesForPolicyCommand({ PolicyArn: READ }));
    expect(all.PolicyUsers?.map(({ UserName }) => UserName)).toEqual(["ada"]);
    expect(all.PolicyGroups?.map(({ GroupName }) => GroupName)).toEqual(["team"]);
    expect(all.PolicyRoles).toEqual([]);
    const bound = await iam.send(
      new ListEntitiesForPolicyCommand({ PolicyArn: READ, PolicyUsageFilter: "PermissionsBoundary" }),
    );
    expect([bound.PolicyUsers?.length, bound.PolicyGroups?.length]).toEqual([1, 0]);
    const page = await iam.send(new ListEntitiesForPolicyCommand({ PolicyArn: READ, MaxItems: 1 }));
    expect([page.PolicyGroups?.length, page.PolicyUsers?.length, page.IsTruncated]).toEqual([1, 0, true]);
    const next = await iam.send(
      new ListEntitiesForPolicyCommand({ PolicyArn: READ, MaxItems: 1, Marker: page.Marker }),
    );
    expect([next.PolicyGroups?.length, next.PolicyUsers?.length, next.IsTruncated]).toEqual([0, 1, false]);
    const below = await iam.send(new ListEntitiesForPolicyCommand({ PolicyArn: READ, PathPrefix: "/elsewhere/" }));
    expect([below.PolicyUsers?.length, below.PolicyGroups?.length]).toEqual([0, 0]);
    const attached = async (PathPrefix: string) =>
      (await iam.send(new ListAttachedUserPoliciesCommand({ UserName: "ada", PathPrefix }))).AttachedPolicies?.length;
    expect([await attached("/"), await attached("/service-role/")]).toEqual([1, 0]);
    const roles = await iam.send(new ListEntitiesForPolicyCommand({ PolicyArn: READ, EntityFilter: "Role" }));
    expect([roles.PolicyUsers?.length, roles.PolicyRoles?.length]).toEqual([0, 0]);
  });

  test("which policies let somebody use a service", async () => {
    await iam.send(
      new PutGroupPolicyCommand({ GroupName: "team", PolicyName: "send", PolicyDocument: policy(allow("sqs:*")) }),
    );
    const { PoliciesGrantingServiceAccess } = await iam.send(
      new ListPoliciesGrantingServiceAccessCommand({ Arn: userArn, ServiceNamespaces: ["sqs", "kms"] }),
    );
    expect(PoliciesGrantingServiceAccess).toEqual([
      { ServiceNamespace: "kms", Policies: expect.any(Array) as never },
      {
        ServiceNamespace: "sqs",
        Policies: [
          { PolicyName: "send", PolicyType: "INLINE", EntityType: "GROUP", EntityName: "team" },
          { PolicyName: "ReadOnlyAccess", PolicyType: "MANAGED", PolicyArn: READ },
        ],
      },
    ]);
  });

  test("simulation of policies that are given", async () => {
    const PolicyInputList = [
      policy(allow("s3:*", "arn:aws:s3:::a/*"), { Effect: "Deny", Action: "s3:Delete*", Resource: "*" }),
      policy(allow("sqs:SendMessage", "*", { Condition: { StringEquals: { "aws:PrincipalTag/team": "blue" } } })),
    ];
    const { EvaluationResults } = await iam.send(
      new SimulateCustomPolicyCommand({
        PolicyInputList,
        ActionNames: ["s3:GetObject", "s3:DeleteObject", "sqs:SendMessage"],
        ResourceArns: ["arn:aws:s3:::a/x", "arn:aws:s3:::b/x"],
      }),
    );
    const [get, remove, send] = EvaluationResults!;
    expect(get?.EvalDecision).toBe("allowed");
    expect(get?.ResourceSpecificResults?.map(({ EvalResourceDecision }) => EvalResourceDecision)).toEqual([
      "allowed",
      "implicitDeny",
    ]);
    expect(get?.ResourceSpecificResults?.[0]?.MatchedStatements).toMatchObject([
      { SourcePolicyId: "PolicyInputList.1", StartPosition: { Line: 1 } },
    ]);
    expect(remove?.EvalDecision).toBe("explicitDeny");
    expect(send?.ResourceSpecificResults?.[0]?.MissingContextValues).toEqual(["aws:PrincipalTag/team"]);
    const given = await iam.send(
      new SimulateCustomPolicyCommand({
        PolicyInputList,
        ActionNames: ["sqs:SendMessage"],
        ContextEntries: [
          { ContextKeyName: "aws:PrincipalTag/team", ContextKeyType: "string", ContextKeyValues: ["blue"] },
        ],
        PermissionsBoundaryPolicyInputList: [policy(allow("s3:*"))],
      }),
    );
    expect(given.EvaluationResults?.[0]).toMatchObject({
      EvalDecision: "implicitDeny",
      PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: false },
    });
    expect(
      await thrown(
        iam.send(new SimulateCustomPolicyCommand({ PolicyInputList: ["{}"], ActionNames: ["s3:GetObject"] })),
      ),
    ).toBeInstanceOf(InvalidInputException);
    const actions: (string | undefined)[] = [];
    const ActionNames = ["s3:GetObject", "s3:PutObject", "s3:ListBucket"];
    for await (const page of paginateSimulateCustomPolicy(
      { client: iam, pageSize: 2 },
      { PolicyInputList, ActionNames },
    )) {
      actions.push(...page.EvaluationResults!.map(({ EvalActionName }) => EvalActionName));
    }
    expect(actions).toEqual(ActionNames);
  });

  test("simulation of what a user may do by its own policies, those of its groups, and its boundary", async () => {
    const decisions = async (more: object = {}) => {
      const { EvaluationResults } = await iam.send(
        new SimulatePrincipalPolicyCommand({
          PolicySourceArn: userArn,
          ActionNames: ["s3:GetObject", "sqs:SendMessage", "s3:PutObject"],
          ...more,
        }),
      );
      return EvaluationResults?.map(({ EvalDecision }) => EvalDecision);
    };
    // The group grants sending, but the boundary is ReadOnlyAccess.
    expect(await decisions()).toEqual(["allowed", "implicitDeny", "implicitDeny"]);
    const everything = [policy(allow("*"))];
    expect(await decisions({ PermissionsBoundaryPolicyInputList: everything })).toEqual([
      "allowed",
      "allowed",
      "implicitDeny",
    ]);
    expect(await decisions({ PermissionsBoundaryPolicyInputList: everything, PolicyInputList: everything })).toEqual([
      "allowed",
      "allowed",
      "allowed",
    ]);
    expect(await decisions({ PolicyExclusionList: [{ PolicyArn: READ }] })).toEqual([
      "implicitDeny",
      "implicitDeny",
      "implicitDeny",
    ]);
    expect(
      await thrown(decisions({ PolicySourceArn: "arn:aws:sts::123456789012:assumed-role/worker/session" })),
    ).toBeInstanceOf(InvalidInputException);
  });

  test("context keys that policies ask for", async () => {
    const own = policy(
      allow("s3:*", `arn:aws:s3:::\${aws:username}`, { Condition: { Bool: { "aws:SecureTransport": "true" } } }),
    );
    const custom = await iam.send(new GetContextKeysForCustomPolicyCommand({ PolicyInputList: [own] }));
    expect(custom.ContextKeyNames).toEqual(["aws:username", "aws:SecureTransport"]);
    const principal = await iam.send(
      new GetContextKeysForPrincipalPolicyCommand({ PolicySourceArn: userArn, PolicyInputList: [own] }),
    );
    expect(principal.ContextKeyNames).toEqual(expect.arrayContaining(["aws:username", "aws:SecureTransport"]));
  });
});
