/** The AWS CLI with STS, unmodified: profiles that assume roles, by another profile and by an identity token in a file, as people configure them. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TestIdentityProvider } from "#data-plane/sts/testing";
import { type HttpServer, serveHttp } from "#foundation/http";
import { type AwsCli, hasAwsCli, NO_AWS_CLI, startAwsCli } from "../support/aws-cli.ts";
import { type ClientCloud, startClientCloud } from "../support/client-cloud.ts";
import { skipUnless } from "../support/skips.ts";

const cliTest = skipUnless(hasAwsCli, NO_AWS_CLI);
const MINUTE = 60_000;

const policy = (...statements: readonly object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });

describe("AWS CLI, sts", () => {
  let here: ClientCloud;
  let cli: AwsCli;
  let account: string;
  let provider: TestIdentityProvider;
  let server: HttpServer;

  const aws = async <Answer>(...args: string[]): Promise<Answer> => {
    const text = await cli.must([...args, "--output", "json"]);
    return (text.trim() === "" ? {} : JSON.parse(text)) as Answer;
  };
  /** With a profile of the configuration file, and no variables that say who one is. */
  const WITHOUT_KEYS = { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" };
  const as = (profile: string, ...args: string[]) =>
    cli.run(["--profile", profile, ...args, "--output", "json"], WITHOUT_KEYS);
  const arnOf = async (profile: string): Promise<string> => {
    const { stdout, stderr } = await as(profile, "sts", "get-caller-identity");
    return stderr === "" ? (JSON.parse(stdout) as { Arn: string }).Arn : stderr;
  };

  beforeAll(async () => {
    if (!hasAwsCli) return;
    here = await startClientCloud();
    cli = await startAwsCli(here);
    server = await serveHttp({
      name: "provider",
      hostname: "127.0.0.1",
      port: 0,
      handler: async ({ path }) => {
        const document = provider.document(`${provider.issuer}${path}`);
        return document === undefined ? { status: 404, body: "" } : { status: 200, body: JSON.stringify(document) };
      },
    });
    provider = new TestIdentityProvider(server.url);
    account = (await aws<{ Account: string }>("sts", "get-caller-identity")).Account;
    await aws("iam", "create-user", "--user-name", "ada");
    const mayAssume = policy({ Effect: "Allow", Action: "sts:*", Resource: "*" });
    await aws("iam", "put-user-policy", "--user-name", "ada", "--policy-name", "p", "--policy-document", mayAssume);
    const { AccessKey } = await aws<{ AccessKey: { AccessKeyId: string; SecretAccessKey: string } }>(
      ...["iam", "create-access-key", "--user-name", "ada"],
    );
    const trusted = { AWS: `arn:aws:iam::${account}:root` };
    const external = { StringEquals: { "sts:ExternalId": "key-1" } };
    const byAccount = policy({ Effect: "Allow", Principal: trusted, Action: "sts:AssumeRole", Condition: external });
    await aws("iam", "create-role", "--role-name", "deploy", "--assume-role-policy-document", byAccount);
    const name = provider.issuer.slice("http://".length);
    const { OpenIDConnectProviderArn } = await aws<{ OpenIDConnectProviderArn: string }>(
      ...["iam", "create-open-id-connect-provider", "--url", provider.issuer, "--client-id-list", "app"],
    );
    const byProvider = policy({
      Effect: "Allow",
      Principal: { Federated: OpenIDConnectProviderArn },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: { StringEquals: { [`${name}:sub`]: "me" } },
    });
    await aws("iam", "create-role", "--role-name", "ci", "--assume-role-policy-document", byProvider);
    const tokenFile = join(here.home, "token");
    writeFileSync(tokenFile, provider.token(Date.now()));
    const role = (roleName: string) => `role_arn = arn:aws:iam::${account}:role/${roleName}`;
    mkdirSync(join(here.home, ".aws"));
    const config = [
      "[profile ada]",
      `aws_access_key_id = ${AccessKey.AccessKeyId}`,
      `aws_secret_access_key = ${AccessKey.SecretAccessKey}`,
      "[profile deploy]",
      role("deploy"),
      "source_profile = ada",
      "role_session_name = release-7",
      "external_id = key-1",
      "duration_seconds = 900",
      "[profile stranger]",
      role("deploy"),
      "source_profile = ada",
      "external_id = key-2",
      "[profile ci]",
      role("ci"),
      `web_identity_token_file = ${tokenFile}`,
      "role_session_name = build-42",
    ];
    writeFileSync(join(here.home, ".aws", "config"), `${config.join("\n")}\n`);
  }, MINUTE);
  afterAll(async () => {
    if (!hasAwsCli) return;
    await cli.close();
    await server.close(0);
    await here.dispose();
  });

  cliTest(
    "profiles assume roles",
    async () => {
      expect(await arnOf("ada")).toBe(`arn:aws:iam::${account}:user/ada`);
      expect(await arnOf("deploy")).toBe(`arn:aws:sts::${account}:assumed-role/deploy/release-7`);
      expect(await arnOf("ci")).toBe(`arn:aws:sts::${account}:assumed-role/ci/build-42`);
      expect(await arnOf("stranger")).toContain(
        "An error occurred (AccessDenied) when calling the AssumeRole operation: User: " +
          `arn:aws:iam::${account}:user/ada is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::${account}:role/deploy`,
      );
    },
    MINUTE,
  );

  cliTest(
    "sessions of users",
    async () => {
      const { stdout } = await as("ada", "sts", "get-session-token", "--duration-seconds", "900");
      const { Credentials } = JSON.parse(stdout) as { Credentials: Record<string, string> };
      const env = {
        AWS_ACCESS_KEY_ID: Credentials.AccessKeyId!,
        AWS_SECRET_ACCESS_KEY: Credentials.SecretAccessKey!,
        AWS_SESSION_TOKEN: Credentials.SessionToken!,
      };
      const identity = await cli.must(["sts", "get-caller-identity", "--output", "json"], env);
      expect(JSON.parse(identity)).toMatchObject({ Arn: `arn:aws:iam::${account}:user/ada` });
      const refused = await cli.run(["iam", "get-user"], env);
      expect(refused.stderr).toContain("(InvalidClientTokenId) when calling the GetUser operation");
      const again = await cli.run(["sts", "get-session-token"], env);
      expect(again.stderr).toContain("(AccessDenied) when calling the GetSessionToken operation: Cannot call");
    },
    MINUTE,
  );
});
