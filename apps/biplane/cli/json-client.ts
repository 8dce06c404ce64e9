/** Calls of the AWS services that speak JSON (DynamoDB, SQS), signed with our own signer. */
import { randomUUID } from "node:crypto";
import { signRequest } from "#foundation/aws/sigv4";
import { CodedError, EXIT, type ExitCode } from "#foundation/errors";
import { type HttpReply, httpRequest } from "#foundation/http";
import type { AwsAccess } from "./find-cloud.ts";

/** A service that speaks JSON 1.0 behind one address. */
export interface JsonService {
  /** In signatures: `dynamodb`, `sqs`. */
  readonly signingName: string;
  /** What stands before the operation in `X-Amz-Target`: `DynamoDB_20120810`, `AmazonSQS`. */
  readonly targetPrefix: string;
}

export const DYNAMODB: JsonService = { signingName: "dynamodb", targetPrefix: "DynamoDB_20120810" };
export const SQS: JsonService = { signingName: "sqs", targetPrefix: "AmazonSQS" };

export interface JsonCallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds until the answer's headers; long polling needs more than the default of a minute. */
  readonly timeoutMs?: number;
  /** Tries in all, for what broke on the way or was refused for the moment. Default {@link ATTEMPTS}; 1 for what must not be done twice. */
  readonly attempts?: number;
}

export interface JsonClient {
  readonly access: AwsAccess;
  /**
   * The answer of one operation; `Answer` is what the API reference says.
   * @throws CodedError with the service's code and message; HttpCallError
   */
  call<Answer = unknown>(operation: string, input: object, options?: JsonCallOptions): Promise<Answer>;
}

const TIMEOUT_MS = 60_000;
const ATTEMPTS = 4;

export function createJsonClient(access: AwsAccess, service: JsonService): JsonClient {
  const { url, region } = access;
  const host = new URL(url).host;

  const callOnce = async (operation: string, input: object, options: JsonCallOptions): Promise<unknown> => {
    const body = Buffer.from(JSON.stringify(input));
    const { headers } = signRequest(
      {
        method: "POST",
        path: "/",
        query: "",
        headers: [
          ["host", host],
          ["content-type", "application/x-amz-json-1.0"],
          ["x-amz-target", `${service.targetPrefix}.${operation}`],
          ["user-agent", "biplane-cli"],
          ["amz-sdk-invocation-id", randomUUID()],
        ],
      },
      body,
      { credential: access, region, service: service.signingName, now: Date.now() },
    );
    const reply = await httpRequest({
      url: `${url}/`,
      method: "POST",
      headers,
      body,
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    if (reply.status >= 300) throw await errorOf(reply, operation);
    const text = await reply.text();
    return text === "" ? {} : JSON.parse(text);
  };

  return {
    access,
    async call<Answer>(operation: string, input: object, options: JsonCallOptions = {}) {
      const attempts = options.attempts ?? ATTEMPTS;
      for (let attempt = 1; ; attempt++) {
        try {
          return (await callOnce(operation, input, options)) as Answer;
        } catch (error) {
          if (attempt >= attempts || !isPassing(error) || options.signal?.aborted === true) throw error;
          await pause(attempt, options.signal);
        }
      }
    },
  };
}

/** Waits before the next attempt, longer each time; an aborted signal ends the wait. @param attempt 1 for the first */
export function pause(attempt: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.min(50 * 2 ** attempt, 5000) * (0.5 + Math.random() / 2));
  signal?.addEventListener("abort", () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}

function isPassing(error: unknown): boolean {
  if (error instanceof CodedError) return error.retryable;
  return error instanceof Error && "failure" in error && (error.failure === "broken" || error.failure === "timeout");
}

/** What the service says went wrong: `{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "message": "…"}`. */
async function errorOf(reply: HttpReply, operation: string): Promise<CodedError> {
  const { status } = reply;
  let code = `Http${status}`;
  let message = `${operation}: the endpoint answered with status ${status}.`;
  let details: Readonly<Record<string, unknown>> = {};
  try {
    const error = (await reply.json(4 * 1024 * 1024)) as Readonly<Record<string, unknown>>;
    const { __type: type, message: lower, Message: upper, ...rest } = error;
    if (typeof type === "string") code = type.slice(type.indexOf("#") + 1);
    const text = lower ?? upper;
    if (typeof text === "string" && text !== "") message = text;
    details = rest;
  } catch {
    // Not the service's error document.
  }
  const retryable = status >= 500 ? status !== 501 : /Throttl|ProvisionedThroughputExceeded|LimitExceeded/.test(code);
  const exit = exitOf(code);
  return new CodedError(
    /^[A-Za-z][A-Za-z0-9_.]*$/.test(code) ? code : "UnexpectedAnswer",
    { status, retryable, message, ...(exit === undefined ? {} : { exit }) },
    Object.keys(details).length === 0 ? {} : { details },
  );
}

/** These services answer almost everything with 400; what went wrong is in the code. */
const EXITS: readonly (readonly [RegExp, ExitCode])[] = [
  [
    /AccessDenied|UnrecognizedClient|InvalidSignature|SignatureDoesNotMatch|MissingAuthentication|InvalidClientTokenId|InvalidAccessKeyId|ExpiredToken/,
    EXIT.auth,
  ],
  [/NotFound|DoesNotExist|NonExistent/, EXIT.notFound],
  [
    /ConditionalCheckFailed|InUse|InProgress|DeletedRecently|AlreadyExists|NameExists|Duplicate|Conflict|Mismatch|TransactionCanceled/,
    EXIT.conflict,
  ],
  [
    /Throttl|ThroughputExceeded|RequestLimitExceeded|ServiceUnavailable|InternalServerError|InternalFailure/,
    EXIT.transient,
  ],
];

function exitOf(code: string): ExitCode | undefined {
  return EXITS.find(([pattern]) => pattern.test(code))?.[1];
}
