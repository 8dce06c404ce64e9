/** Accounts, users and roles for tests of access, made as a person would make them: by the command line and the IAM API. */
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import type { Cloud, CloudEnvironment } from "../support/cloud.ts";
import type { Credentials } from "./walk.ts";

export interface ClientOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
  readonly maxAttempts: number;
}

/** What every client of the official SDK is made with. A test wants to see every failure, not the SDK's retries. */
export function optionsFor(environment: CloudEnvironment, credentials: Credentials): ClientOptions {
  return { endpoint: environment.AWS_ENDPOINT_URL!, region: environment.AWS_REGION!, credentials, maxAttempts: 1 };
}

export function rootOf(environment: CloudEnvironment): Credentials {
  return {
    accessKeyId: environment.AWS_ACCESS_KEY_ID!,
    secretAccessKey: environment.AWS_SECRET_ACCESS_KEY!,
  };
}

/** Makes an account with a root access key. */
export async function makeAccount(
  cloud: Cloud,
  name: string,
): Promise<{ readonly accountId: string; readonly root: Credentials }> {
  const created = await mustPrintJson(cloud, "accounts", "create", name);
  const accountId = String(created.accountId);
  const key = await mustPrintJson(cloud, "keys", "create", "--account", accountId);
  return {
    accountId,
    root: { accessKeyId: String(key.accessKeyId), secretAccessKey: String(key.secretAccessKey) },
  };
}

/** Makes a user with an access key and, where a document is given, one inline policy. */
export async function makeUser(
  options: ClientOptions,
  UserName: string,
  PolicyDocument?: string,
): Promise<Credentials & { readonly arn: string }> {
  const iam = new IAMClient(options);
  try {
    const { User } = await iam.send(new CreateUserCommand({ UserName }));
    if (PolicyDocument !== undefined) {
      await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "inline", PolicyDocument }));
    }
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    return {
      accessKeyId: AccessKey!.AccessKeyId!,
      secretAccessKey: AccessKey!.SecretAccessKey!,
      arn: User!.Arn!,
    };
  } finally {
    iam.destroy();
  }
}

async function mustPrintJson(cloud: Cloud, ...args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { code, stdout, stderr } = await cloud.cli(...args, "--json");
  if (code !== 0) throw new Error(`biplane ${args.join(" ")} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
}
