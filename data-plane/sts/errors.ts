/**
 * STS's errors as functions: code and message as AWS writes them (AWS STS API Reference, "Errors" of each action, and "Common Errors").
 *
 * Names are those of the model where it has the error; the codec makes the query protocol's codes of them. The others are common errors, which the model does not list.
 */
import { AwsError } from "#foundation/aws";

export const validationError = (message: string) => new AwsError("ValidationError", message, { statusCode: 400 });

export const invalidParameterValue = (message: string) =>
  new AwsError("InvalidParameterValue", message, { statusCode: 400 });

export const accessDenied = (message: string) => new AwsError("AccessDenied", message, { statusCode: 403 });

export const malformedPolicyDocument = (message: string) => new AwsError("MalformedPolicyDocumentException", message);

/** @param percent of the room that a session's policies and tags have */
export const packedPolicyTooLarge = (percent: number) =>
  new AwsError(
    "PackedPolicyTooLargeException",
    `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`,
  );

export const invalidIdentityToken = (message: string, cause?: unknown) =>
  new AwsError("InvalidIdentityTokenException", message, { cause });

/** The identity provider's keys cannot be had. */
export const noVerificationKey = (cause?: unknown) =>
  invalidIdentityToken(
    "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements",
    cause,
  );

export const expiredIdentityToken = (message: string) => new AwsError("ExpiredTokenException", message);

export const idpCommunicationError = (cause: unknown) =>
  new AwsError(
    "IDPCommunicationErrorException",
    "The request could not be fulfilled because the identity provider could not be reached to verify the incoming identity token.",
    { cause },
  );
