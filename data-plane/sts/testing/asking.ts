/** What tests ask STS, and how they tell an answer from a refusal. */
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  type AssumeRoleCommandOutput,
  GetAccessKeyInfoCommand,
  GetCallerIdentityCommand,
  type GetCallerIdentityCommandOutput,
} from "@aws-sdk/client-sts";
import { policyText } from "#data-plane/principals/testing";
import type { Credential } from "#foundation/aws/sigv4";
import { credentialOf, type World } from "./world.ts";

/** A trust policy for AssumeRole with everything that may come with it. */
export const trusting = (principal: unknown): string =>
  policyText({
    Effect: "Allow",
    Principal: principal,
    Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
  });

export const allow = (action: string, resource = "*") => ({ Effect: "Allow", Action: action, Resource: resource });

/** The answer, or the refusal as `status code message`. */
export async function tried<Answer>(promise: Promise<Answer>): Promise<Answer | string> {
  try {
    return await promise;
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    return `${$metadata?.httpStatusCode} ${name} ${message}`;
  }
}

export const whoIs = (world: World, credential: Credential): Promise<GetCallerIdentityCommandOutput | string> =>
  tried(world.client(credential).send(new GetCallerIdentityCommand({})));

export const assumedBy = (
  world: World,
  credential: Credential,
  input: AssumeRoleCommandInput,
): Promise<AssumeRoleCommandOutput> => world.client(credential).send(new AssumeRoleCommand(input));

export const sessionOf = async (
  world: World,
  credential: Credential,
  input: AssumeRoleCommandInput,
): Promise<Credential> => credentialOf((await assumedBy(world, credential, input)).Credentials);

/** Asks for something that a policy must allow. */
export const asksForKey = (world: World, credential: Credential) =>
  tried(world.client(credential).send(new GetAccessKeyInfoCommand({ AccessKeyId: world.root.accessKeyId })));

export const isAllowed = async (world: World, credential: Credential): Promise<boolean> =>
  typeof (await asksForKey(world, credential)) !== "string";
