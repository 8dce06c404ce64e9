/** DynamoDB's errors as functions: code, status and sentence as AWS writes them (API reference, "Common errors" and the errors of each operation). */
import { AwsError } from "#foundation/aws";

/** A request that breaks a rule. */
export const validationError = (message: string): AwsError =>
  new AwsError("ValidationException", message, { statusCode: 400 });

/** Operations on items say no more than this. */
export const resourceNotFound = (detail?: string): AwsError =>
  new AwsError(
    "ResourceNotFoundException",
    detail === undefined ? "Requested resource not found" : `Requested resource not found: ${detail}`,
  );

/** Operations on tables name the table. */
export const tableNotFound = (name: string): AwsError => resourceNotFound(`Table: ${name} not found`);

export const resourceInUse = (message: string): AwsError => new AwsError("ResourceInUseException", message);

export const limitExceeded = (message: string): AwsError => new AwsError("LimitExceededException", message);

/** @param item JSON text of the item on which the condition failed, when the caller wants to see it */
export const conditionFailed = (item?: unknown): AwsError =>
  new AwsError(
    "ConditionalCheckFailedException",
    "The conditional request failed",
    item === undefined ? {} : { fields: { Item: item } },
  );

export const throughputExceeded = (what: string): AwsError =>
  new AwsError(
    "ProvisionedThroughputExceededException",
    `The level of configured provisioned throughput for the ${what} was exceeded. Consider increasing your provisioning level with the UpdateTable API.`,
  );

/** What Biplane does not do is refused with the code that AWS gives to requests that an account or a region does not support. */
export const notOffered = (message: string): AwsError => validationError(message);
