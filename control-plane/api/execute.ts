/** Asking the control plane to decide, and its refusals as problems. */
import type { Command, CommandErrorCode, CommandOutcome, CommandResults } from "#contracts";
import { type HttpRequest, ProblemError } from "#foundation/http";
import { type ApiCaller, actorOf } from "./authentication/caller.ts";
import type { ApiEnvironment } from "./environment.ts";

/** HTTP status of each refusal. */
export const STATUS: Readonly<Record<CommandErrorCode, number>> = {
  ValidationFailed: 400,
  BucketAlreadyExists: 409,
  BucketAlreadyOwnedByYou: 409,
  NoSuchBucket: 404,
  TooManyBuckets: 409,
  AccountAlreadyExists: 409,
  NoSuchAccount: 404,
  AccountAliasTaken: 409,
  EntityAlreadyExists: 409,
  NoSuchEntity: 404,
  MalformedPolicyDocument: 400,
  PolicyNotAttachable: 409,
  NoSuchAccessKey: 404,
  NoSuchPerson: 404,
  NoSuchMember: 404,
  MemberAlreadyExists: 409,
  LastOwner: 409,
  NoSuchInvitation: 404,
  NoSuchServicePrincipal: 404,
  ServicePrincipalAlreadyExists: 409,
  NoSuchToken: 404,
  NoSuchSession: 404,
  AnotherDataPlane: 409,
  NoSuchDataPlane: 404,
  ResourceAlreadyExists: 409,
  NoSuchResource: 404,
  RevisionMismatch: 409,
  ResourceInUse: 409,
  QuotaExceeded: 409,
  SecretsMissing: 409,
  MasterKeyUnavailable: 503,
  WrongNodeKey: 403,
  ArtifactNotTrusted: 409,
  LimitExceeded: 409,
  DeleteConflict: 409,
  IdempotencyKeyReused: 409,
  Internal: 500,
};

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** For the `headers` of routes that change something. */
export const IDEMPOTENCY_HEADER = {
  "Idempotency-Key":
    "1 to 255 printable ASCII characters. The same command under the same key within 24 hours gets the first answer and changes nothing.",
} as const;

/** A refusal as a problem. */
export function refusalProblem({ code, message }: Extract<CommandOutcome, { readonly ok: false }>): ProblemError {
  return new ProblemError({ status: STATUS[code], code, title: "The control plane refused.", detail: message });
}

/** The idempotency key of a request. @throws ProblemError 400 INVALID_IDEMPOTENCY_KEY */
export function idempotencyKeyOf(request: Pick<HttpRequest, "headers">): string | undefined {
  const key = request.headers.get("idempotency-key");
  if (key === undefined || IDEMPOTENCY_KEY.test(key)) return key;
  throw new ProblemError({
    status: 400,
    code: "INVALID_IDEMPOTENCY_KEY",
    title: "The Idempotency-Key is not valid.",
    detail: "Send 1 to 255 printable ASCII characters, for example a UUID.",
  });
}

/**
 * Has the control plane decide a command of a caller.
 *
 * @param command its members may be whatever the caller has sent: the core checks every one
 * @throws ProblemError with the code of the refusal
 */
export async function execute<Given extends Command>(
  { request, caller }: { readonly request: Pick<HttpRequest, "id" | "headers">; readonly caller: ApiCaller },
  { core }: Pick<ApiEnvironment, "core">,
  command: Given,
): Promise<CommandResults[Given["type"]]> {
  const idempotencyKey = idempotencyKeyOf(request);
  const outcome = await core.execute(command, {
    actor: actorOf(caller),
    requestId: request.id,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  });
  if (!outcome.ok) throw refusalProblem(outcome);
  return outcome.result as CommandResults[Given["type"]];
}
