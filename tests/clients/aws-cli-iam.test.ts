/** The AWS CLI with IAM, unmodified, with nothing but the variables of `biplane env`. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AwsCli, hasAwsCli, NO_AWS_CLI, startAwsCli } from "../support/aws-cli.ts";
import { type ClientCloud, startClientCloud } from "../support/client-cloud.ts";
import { skipUnless } from "../support/skips.ts";

const cliTest = skipUnless(hasAwsCli, NO_AWS_CLI);
const MINUTE = 60_000;

const DOCUMENT = `{
  "Version": "2012-10-17",
  "Statement": [{ "Effect": "Allow", "Action": ["s3:ListAllMyBuckets"], "Resource": "*" }]
}
`;
const TRUST =
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}';

describe("AWS CLI, iam", () => {
  let here: ClientCloud;
  let cli: AwsCli;
  /** What a command answers; an empty answer is an empty object. */
  const iam = async <Answer>(...args: string[]): Promise<Answer> => {
    const text = await cli.must(["iam", ...args, "--output", "json"]);
    return (text.trim() === "" ? {} : JSON.parse(text)) as Answer;
  };
  const refused = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await cli.run(["iam", ...args]);
    expect(code).not.toBe(0);
    return stderr;
  };

  beforeAll(async () => {
    if (!hasAwsCli) return;
    here = await startClientCloud();
    cli = await startAwsCli(here);
  });
  afterAll(async () => {
    if (!hasAwsCli) return;
    await cli.close();
    await here.dispose();
  });

  cliTest(
    "users, keys, groups and policies from files",
    async () => {
      writeFileSync(join(here.home, "policy.json"), DOCUMENT);
      const { User } = await iam<{ User: { Arn: string } }>(
        ...["create-user", "--user-name", "cli", "--path", "/tools/", "--tags", "Key=team,Value=blue"],
      );
      expect(User.Arn).toMatch(/^arn:aws:iam::\d{12}:user\/tools\/cli$/);
      await iam("wait", "user-exists", "--user-name", "cli");
      const { Policy } = await iam<{ Policy: { Arn: string } }>(
        ...["create-policy", "--policy-name", "cli-list", "--policy-document", "file://policy.json"],
      );
      await iam("wait", "policy-exists", "--policy-arn", Policy.Arn);
      await iam("create-group", "--group-name", "cli-group");
      await iam("attach-group-policy", "--group-name", "cli-group", "--policy-arn", Policy.Arn);
      await iam("add-user-to-group", "--group-name", "cli-group", "--user-name", "cli");
      const { AccessKey } = await iam<{ AccessKey: { AccessKeyId: string; SecretAccessKey: string } }>(
        ...["create-access-key", "--user-name", "cli"],
      );
      const env = {
        AWS_ACCESS_KEY_ID: AccessKey.AccessKeyId,
        AWS_SECRET_ACCESS_KEY: AccessKey.SecretAccessKey,
      };
      await cli.must(["s3api", "list-buckets"], env);
      const { stderr } = await cli.run(["iam", "list-users"], env);
      expect(stderr).toContain(
        `An error occurred (AccessDenied) when calling the ListUsers operation: User: ${User.Arn} is not authorized to perform: iam:ListUsers on resource: `,
      );
      const { AccessKeyLastUsed } = await iam<{ AccessKeyLastUsed: { ServiceName: string } }>(
        ...["get-access-key-last-used", "--access-key-id", AccessKey.AccessKeyId],
      );
      expect(["s3", "iam"]).toContain(AccessKeyLastUsed.ServiceName);

      await iam(
        "put-user-policy",
        "--user-name",
        "cli",
        "--policy-name",
        "p",
        "--policy-document",
        "file://policy.json",
      );
      const inline = await iam<{ PolicyDocument: object }>(
        "get-user-policy",
        "--user-name",
        "cli",
        "--policy-name",
        "p",
      );
      expect(inline.PolicyDocument).toEqual(JSON.parse(DOCUMENT));
      expect(await refused("get-user", "--user-name", "nobody")).toContain(
        "An error occurred (NoSuchEntity) when calling the GetUser operation: The user with name nobody cannot be found.",
      );
      expect(await refused("delete-user", "--user-name", "cli")).toContain("(DeleteConflict)");
      expect(await refused("create-user", "--user-name", "not/a/name")).toContain("(ValidationError)");

      await iam("delete-user-policy", "--user-name", "cli", "--policy-name", "p");
      await iam("delete-access-key", "--user-name", "cli", "--access-key-id", AccessKey.AccessKeyId);
      await iam("remove-user-from-group", "--group-name", "cli-group", "--user-name", "cli");
      await iam("delete-user", "--user-name", "cli");
      await iam("detach-group-policy", "--group-name", "cli-group", "--policy-arn", Policy.Arn);
      await iam("delete-group", "--group-name", "cli-group");
      await iam("delete-policy", "--policy-arn", Policy.Arn);
    },
    2 * MINUTE,
  );

  cliTest(
    "roles, instance profiles, versions, simulation, the account",
    async () => {
      writeFileSync(join(here.home, "policy.json"), DOCUMENT);
      writeFileSync(join(here.home, "trust.json"), TRUST);
      await iam("create-role", "--role-name", "cli-role", "--assume-role-policy-document", "file://trust.json");
      await iam("wait", "role-exists", "--role-name", "cli-role");
      const { Role } = await iam<{ Role: { AssumeRolePolicyDocument: object } }>("get-role", "--role-name", "cli-role");
      expect(Role.AssumeRolePolicyDocument).toEqual(JSON.parse(TRUST));
      await iam("update-role", "--role-name", "cli-role", "--max-session-duration", "7200");
      await iam("create-instance-profile", "--instance-profile-name", "cli-machine");
      await iam("wait", "instance-profile-exists", "--instance-profile-name", "cli-machine");
      const profile = ["--instance-profile-name", "cli-machine", "--role-name", "cli-role"];
      await iam("add-role-to-instance-profile", ...profile);
      const managed = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
      await iam("attach-role-policy", "--role-name", "cli-role", "--policy-arn", managed);
      expect(await iam<object>("list-attached-role-policies", "--role-name", "cli-role")).toEqual({
        AttachedPolicies: [{ PolicyName: "AWSLambdaBasicExecutionRole", PolicyArn: managed }],
      });

      const { Policy } = await iam<{ Policy: { Arn: string } }>(
        ...["create-policy", "--policy-name", "cli-versions", "--policy-document", "file://policy.json"],
      );
      const policy = ["--policy-arn", Policy.Arn];
      await iam("create-policy-version", ...policy, "--policy-document", "file://policy.json", "--set-as-default");
      const versions = await iam<{ Versions: { VersionId: string }[] }>("list-policy-versions", ...policy);
      expect(versions.Versions.map(({ VersionId }) => VersionId)).toEqual(["v2", "v1"]);
      // The CLI pages by itself.
      const { Policies } = await iam<{ Policies: object[] }>("list-policies", "--scope", "AWS", "--page-size", "9");
      expect(Policies.length).toBeGreaterThan(30);
      const simulated = await iam<{ EvaluationResults: { EvalDecision: string }[] }>(
        ...["simulate-custom-policy", "--policy-input-list", JSON.stringify([DOCUMENT])],
        ...["--action-names", "s3:ListAllMyBuckets", "s3:GetObject"],
      );
      expect(simulated.EvaluationResults.map(({ EvalDecision }) => EvalDecision)).toEqual(["allowed", "implicitDeny"]);
      const summary = await iam<{ SummaryMap: Record<string, number> }>("get-account-summary");
      expect([summary.SummaryMap.Roles, summary.SummaryMap.Policies]).toEqual([1, 1]);

      await iam("remove-role-from-instance-profile", ...profile);
      await iam("delete-instance-profile", "--instance-profile-name", "cli-machine");
      await iam("detach-role-policy", "--role-name", "cli-role", "--policy-arn", managed);
      await iam("delete-role", "--role-name", "cli-role");
      await iam("delete-policy-version", ...policy, "--version-id", "v1");
      await iam("delete-policy", ...policy);
      expect(await refused("list-mfa-devices")).toContain("ListMFADevices");
    },
    3 * MINUTE,
  );
});
