/** Has operations on logged buckets note what their records need: whether an ACL was needed, and what became of each key of a batch. */
import type { AccessRequest, CallContext, Operation } from "#data-plane/service";
import type { S3 } from "#foundation/aws";
import { type BatchDeletion, note } from "./request-notes.ts";

/** What this file reads of any input. */
interface BucketInput {
  readonly Bucket?: string;
}

type AnyOperation = Operation<BucketInput, unknown>;

/** HTTP statuses of the errors that one key of a batch may end in; others are the client's fault. */
const STATUSES: Readonly<Record<string, number>> = {
  AccessDenied: 403,
  InternalError: 500,
  NotImplemented: 501,
  PreconditionFailed: 412,
  ServiceUnavailable: 503,
};

/** Every key that was asked for, with what became of it. */
function deletionsOf(input: S3.DeleteObjectsRequest, output: S3.DeleteObjectsOutput): readonly BatchDeletion[] {
  const errors = new Map((output.Errors ?? []).map((error) => [`${error.VersionId ?? ""}/${error.Key}`, error.Code]));
  return (input.Delete?.Objects ?? []).map(({ Key: key, VersionId }) => {
    const versionId = VersionId === "" ? undefined : VersionId;
    const errorCode = errors.get(`${versionId ?? ""}/${key}`);
    return { key, versionId, errorCode, status: errorCode === undefined ? 204 : (STATUSES[errorCode] ?? 400) };
  });
}

/** Whether the request would have been refused but for an ACL. */
function needsAcl(questions: readonly AccessRequest[], context: CallContext): boolean {
  return questions.some((question) => {
    if (question.grantedByAcl !== true) return false;
    const { action, resource, resourceAccount, resourcePolicy, conditions } = question;
    return !context.decide({ action, resource, resourceAccount, resourcePolicy, conditions }).allowed;
  });
}

function watched(operation: AnyOperation, isLogged: (bucket: string | undefined) => boolean): AnyOperation {
  const look = (questions: readonly AccessRequest[], context: CallContext): readonly AccessRequest[] => {
    if (needsAcl(questions, context)) note(context.request, { aclRequired: true });
    return questions;
  };
  return {
    access(input, context) {
      const asked = operation.access(input, context);
      if (!isLogged(input.Bucket)) return asked;
      return asked instanceof Promise ? asked.then((questions) => look(questions, context)) : look(asked, context);
    },
    handle: (input, context) => operation.handle(input, context),
  };
}

/**
 * The same operations, watched.
 * @param isLogged asked with each request's bucket
 */
export function watchOperations(
  operations: ReadonlyMap<string, Operation<never, unknown>>,
  isLogged: (bucket: string | undefined) => boolean,
): ReadonlyMap<string, Operation<never, unknown>> {
  const all = new Map<string, Operation<never, unknown>>();
  for (const [name, operation] of operations) {
    const one = watched(operation as AnyOperation, isLogged);
    all.set(name, name === "DeleteObjects" ? noting(one, isLogged) : one);
  }
  return all;
}

function noting(operation: AnyOperation, isLogged: (bucket: string | undefined) => boolean): AnyOperation {
  return {
    access: operation.access,
    async handle(input, context) {
      const output = await operation.handle(input, context);
      if (isLogged(input.Bucket)) {
        const deletions = deletionsOf(input as S3.DeleteObjectsRequest, output as S3.DeleteObjectsOutput);
        note(context.request, { deletions });
      }
      return output;
    },
  };
}
