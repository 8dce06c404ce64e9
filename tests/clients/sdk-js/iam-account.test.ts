/** AWS SDK for JavaScript v3: what IAM says of the account as a whole, two accounts, and what is not offered; the whole program. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateAccountAliasCommand,
  CreateGroupCommand,
  CreateInstanceProfileCommand,
  CreateLoginProfileCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  CredentialReportNotPresentException,
  DeleteAccountAliasCommand,
  GenerateCredentialReportCommand,
  GetAccountAuthorizationDetailsCommand,
  GetAccountSummaryCommand,
  GetCredentialReportCommand,
  GetUserCommand,
  type IAMClient,
  ListAccountAliasesCommand,
  ListMFADevicesCommand,
  PutUserPolicyCommand,
  paginateGetAccountAuthorizationDetails,
} from "@aws-sdk/client-iam";
import { type ClientCloud, startClientCloud } from "../../support/client-cloud.ts";
import { iamClientFor } from "../../support/iam.ts";
import { refusal } from "../../support/s3.ts";

const READ = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const DOCUMENT = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}';
const TRUST =
  '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}';

describe("the account through the SDK", () => {
  let here: ClientCloud;
  let iam: IAMClient;

  beforeAll(async () => {
    here = await startClientCloud();
    iam = iamClientFor(here.environment);
    await iam.send(new CreateUserCommand({ UserName: "ada" }));
    await iam.send(new CreateUserCommand({ UserName: "bob" }));
    await iam.send(new PutUserPolicyCommand({ UserName: "ada", PolicyName: "p", PolicyDocument: DOCUMENT }));
    await iam.send(new AttachUserPolicyCommand({ UserName: "ada", PolicyArn: READ }));
    await iam.send(new CreateGroupCommand({ GroupName: "team" }));
    await iam.send(new CreateRoleCommand({ RoleName: "worker", AssumeRolePolicyDocument: TRUST }));
    await iam.send(new CreatePolicyCommand({ PolicyName: "own", PolicyDocument: DOCUMENT }));
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: "machine" }));
  });
  afterAll(async () => {
    await here.dispose();
  });

  test("its alias", async () => {
    const aliases = async () => (await iam.send(new ListAccountAliasesCommand({}))).AccountAliases;
    expect(await aliases()).toEqual([]);
    await iam.send(new CreateAccountAliasCommand({ AccountAlias: "first-name" }));
    await iam.send(new CreateAccountAliasCommand({ AccountAlias: "second-name" }));
    expect(await aliases()).toEqual(["second-name"]);
    expect((await iam.send(new GetUserCommand({}))).User?.UserName).toBe("second-name");
    await iam.send(new DeleteAccountAliasCommand({ AccountAlias: "second-name" }));
    expect(await aliases()).toEqual([]);
  });

  test("its summary", async () => {
    const { SummaryMap } = await iam.send(new GetAccountSummaryCommand({}));
    expect(SummaryMap).toMatchObject({
      Users: 2,
      Groups: 1,
      Roles: 1,
      Policies: 1,
      PolicyVersionsInUse: 1,
      InstanceProfiles: 1,
      AccountAccessKeysPresent: 1,
      UsersQuota: 5000,
    });
  });

  test("its authorization details, whole, by filter and page by page", async () => {
    const whole = await iam.send(new GetAccountAuthorizationDetailsCommand({}));
    expect(whole.UserDetailList?.map(({ UserName }) => UserName)).toEqual(["ada", "bob"]);
    const [ada] = whole.UserDetailList!;
    expect(decodeURIComponent(ada!.UserPolicyList![0]!.PolicyDocument!)).toBe(DOCUMENT);
    expect(ada?.AttachedManagedPolicies).toEqual([{ PolicyName: "ReadOnlyAccess", PolicyArn: READ }]);
    expect(whole.GroupDetailList?.length).toBe(1);
    expect(decodeURIComponent(whole.RoleDetailList![0]!.AssumeRolePolicyDocument!)).toBe(TRUST);
    expect(whole.Policies?.map(({ PolicyName }) => PolicyName).sort()).toEqual(["ReadOnlyAccess", "own"]);
    const own = whole.Policies?.find(({ PolicyName }) => PolicyName === "own");
    expect(decodeURIComponent(own!.PolicyVersionList![0]!.Document!)).toBe(DOCUMENT);

    const filtered = await iam.send(
      new GetAccountAuthorizationDetailsCommand({ Filter: ["Group", "LocalManagedPolicy"] }),
    );
    expect([filtered.UserDetailList?.length, filtered.GroupDetailList?.length, filtered.Policies?.length]).toEqual([
      0, 1, 1,
    ]);
    let entries = 0;
    let pages = 0;
    for await (const page of paginateGetAccountAuthorizationDetails({ client: iam, pageSize: 2 }, {})) {
      pages++;
      for (const list of [page.UserDetailList, page.GroupDetailList, page.RoleDetailList, page.Policies]) {
        entries += list?.length ?? 0;
      }
    }
    expect([entries, pages]).toEqual([6, 3]);
  });

  test("its credential report", async () => {
    await iam.send(new CreateAccessKeyCommand({ UserName: "ada" }));
    await expect(iam.send(new GetCredentialReportCommand({}))).rejects.toBeInstanceOf(
      CredentialReportNotPresentException,
    );
    expect((await iam.send(new GenerateCredentialReportCommand({}))).State).toBe("STARTED");
    expect((await iam.send(new GenerateCredentialReportCommand({}))).State).toBe("COMPLETE");
    const { Content, ReportFormat, GeneratedTime } = await iam.send(new GetCredentialReportCommand({}));
    expect(ReportFormat).toBe("text/csv");
    expect(Date.now() - GeneratedTime!.getTime()).toBeLessThan(60_000);
    const lines = new TextDecoder().decode(Content).split("\n");
    expect(lines.map((line) => line.split(",")[0])).toEqual(["user", "<root_account>", "ada", "bob"]);
    expect(lines[2]!.split(",")[8]).toBe("TRUE");
    expect(lines[3]!.split(",")[8]).toBe("FALSE");
  });

  test("what is not offered says so", async () => {
    const gaps = [
      await refusal(iam.send(new ListMFADevicesCommand({}))),
      await refusal(iam.send(new CreateLoginProfileCommand({ UserName: "ada", Password: "correct horse" }))),
    ];
    expect(gaps.map(({ status }) => status)).toEqual([501, 501]);
  });

  test("in another region it is the same account", async () => {
    const elsewhere = iamClientFor(here.environment, { region: "eu-west-1" });
    expect((await elsewhere.send(new GetUserCommand({ UserName: "ada" }))).User?.UserName).toBe("ada");
  });
});
