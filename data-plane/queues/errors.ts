/**
 * SQS's errors as functions: code and message as AWS writes them (Amazon SQS API Reference, "Errors" of each action, and "Common Errors").
 *
 * Codes are names of the model where it has the error; the codec turns them into what each protocol writes. `InvalidParameterValue` and `MissingParameter` are
 * common errors, which the model does not list.
 */
import { AwsError } from "#foundation/aws";

/** What a message repeats of a caller's value, in characters. Policies may be 20 KB, and an answer need not be. */
const SHOWN_LENGTH_MAX = 1024;

const shown = (value: string | number): string => {
  const text = String(value);
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}…` : text;
};

export const queueDoesNotExist = () => new AwsError("QueueDoesNotExist", "The specified queue does not exist.");

export const missingParameter = (name: string) =>
  new AwsError("MissingParameter", `The request must contain the parameter ${name}.`, { statusCode: 400 });

/** A whole sentence; see {@link invalidValue} for the usual form. */
export const invalidParameter = (message: string) =>
  new AwsError("InvalidParameterValue", message, { statusCode: 400 });

/** `Value 11 for parameter MaxNumberOfMessages is invalid. Reason: …` */
export const invalidValue = (value: string | number, parameter: string, reason: string) =>
  invalidParameter(`Value ${shown(value)} for parameter ${parameter} is invalid. Reason: ${reason}`);

export const unknownAttribute = (name: string) =>
  new AwsError("InvalidAttributeName", `Unknown Attribute ${shown(name)}.`);

export const invalidAttributeName = (message: string) => new AwsError("InvalidAttributeName", message);

/** @param reason without the full stop; left out where AWS gives none */
export const invalidAttributeValue = (name: string, reason?: string) =>
  new AwsError(
    "InvalidAttributeValue",
    `Invalid value for the parameter ${name}.${reason === undefined ? "" : ` Reason: ${reason}.`}`,
  );

export const queueNameExists = (differing: string) =>
  new AwsError(
    "QueueNameExists",
    `A queue already exists with the same name and a different value for ${shown(differing)}`,
  );

export const queueDeletedRecently = () =>
  new AwsError(
    "QueueDeletedRecently",
    "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
  );

export const purgeQueueInProgress = (queueName: string) =>
  new AwsError("PurgeQueueInProgress", `Only one PurgeQueue operation on ${queueName} is allowed every 60 seconds.`);

export const receiptHandleIsInvalid = (handle: string) =>
  new AwsError("ReceiptHandleIsInvalid", `The input receipt handle "${shown(handle)}" is not a valid receipt handle.`);

export const receiptHandleExpired = (handle: string) =>
  invalidValue(handle, "ReceiptHandle", "The receipt handle has expired.");

export const messageNotAvailable = (handle: string) =>
  invalidValue(handle, "ReceiptHandle", "Message does not exist or is not available for visibility timeout change.");

export const messageNotInflight = () => new AwsError("MessageNotInflight", "The specified message isn't in flight.");

export const overLimit = (message: string) => new AwsError("OverLimit", message);

export const unsupportedOperation = (message: string) => new AwsError("UnsupportedOperation", message);

export const resourceNotFound = (message: string) => new AwsError("ResourceNotFoundException", message);

export const invalidMessageContents = () =>
  new AwsError(
    "InvalidMessageContents",
    "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
  );

/** Our own fault, which clients may repeat. */
export const serviceUnavailable = (message: string, cause?: unknown) =>
  new AwsError("ServiceUnavailable", message, { statusCode: 503, fault: "server", cause });
