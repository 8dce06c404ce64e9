/**
 * IAM's errors as functions: code and message as AWS writes them (IAM API Reference, "Errors" of each action, and "Common Errors").
 *
 * Codes are those of the query protocol; the model knows their status. `ValidationError` is a common error, which the model does not list.
 */
import type { IdentityKind } from "#contracts";
import { AwsError } from "#foundation/aws";

export const validationError = (message: string) => new AwsError("ValidationError", message, { statusCode: 400 });

export const invalidInput = (message: string) => new AwsError("InvalidInput", message);

export const noSuchEntity = (message: string) => new AwsError("NoSuchEntity", message);

/** How the sentence about an entity that is not there goes. @param name of a policy or provider: its ARN */
const NOT_FOUND: Readonly<Record<IdentityKind, (name: string) => string>> = {
  user: (name) => `The user with name ${name} cannot be found.`,
  group: (name) => `The group with name ${name} cannot be found.`,
  role: (name) => `The role with name ${name} cannot be found.`,
  managedPolicy: (arn) => `Policy ${arn} was not found.`,
  instanceProfile: (name) => `Instance Profile ${name} cannot be found.`,
  oidcProvider: (arn) => `OpenIDConnect Provider not found for arn ${arn}`,
};

/** @param name of a policy or an OpenID Connect provider: its ARN */
export const noSuch = (kind: IdentityKind, name: string) => noSuchEntity(NOT_FOUND[kind](name));

export const noSuchInlinePolicy = (kind: "user" | "group" | "role", policyName: string) =>
  noSuchEntity(`The ${kind} policy with name ${policyName} cannot be found.`);

export const noSuchPolicyVersion = (arn: string, versionId: string) =>
  noSuchEntity(`Policy ${arn} version ${versionId} does not exist or is not attachable.`);

export const policyNotAttachable = (arn: string) => noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);

export const noSuchAccessKey = (accessKeyId: string) =>
  noSuchEntity(`The Access Key with id ${accessKeyId} cannot be found.`);

export const arnNotValid = (arn: string) => invalidInput(`ARN ${arn} is not valid.`);

/** A session has no user whose things could be meant. */
export const mustSpecifyUserName = () =>
  validationError("Must specify userName when calling with non-User credentials");
