/** Whatever goes wrong on the way of a request, as an error that the client's SDK understands. The one place where unknown errors end. */
import { ControlPlaneUnavailable } from "#data-plane/link";
import { AuditError } from "#foundation/audit";
import { AwsError } from "#foundation/aws";
import { ChunkedBodyError, chunkedErrorToAws } from "#foundation/aws/chunked";
import { SignatureError, type SignatureErrorDialect, signatureErrorToAws } from "#foundation/aws/sigv4";
import { BodyError, type BodyErrorCode } from "#foundation/http";
import { RateExceeded } from "./pace.ts";

/** A code with its status: as S3 says it, and as the other services do. */
interface BodyRefusal {
  readonly s3: readonly [code: string, status: number];
  readonly others: readonly [code: string, status: number];
  readonly message: string;
}

/** Errors that reading a request's body may end in. `BodyUsed` is missing: it is a mistake of this program. */
const BODY_REFUSALS: Readonly<Record<Exclude<BodyErrorCode, "BodyUsed">, BodyRefusal>> = {
  IncompleteBody: {
    s3: ["IncompleteBody", 400],
    others: ["IncompleteBody", 400],
    message: "You did not provide the number of bytes specified by the Content-Length HTTP header.",
  },
  RequestAborted: {
    s3: ["IncompleteBody", 400],
    others: ["IncompleteBody", 400],
    message: "The connection ended before the whole body had arrived.",
  },
  BodyTimeout: {
    s3: ["RequestTimeout", 400],
    others: ["RequestTimeoutException", 408],
    message:
      "Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.",
  },
  PayloadTooLarge: {
    s3: ["MaxMessageLengthExceeded", 400],
    others: ["RequestEntityTooLargeException", 413],
    message: "Your request was too large.",
  },
};

/** What a refused request is answered with, and whether it is our fault and belongs into the log. */
export interface Refusal {
  readonly error: AwsError;
  readonly unexpected: boolean;
}

/**
 * @param dialect how the addressed service words signature errors
 */
export function refusalOf(thrown: unknown, dialect: SignatureErrorDialect): Refusal {
  const expected = expectedError(thrown, dialect);
  if (expected !== undefined) return { error: expected, unexpected: false };
  return {
    error: new AwsError(
      dialect === "s3" ? "InternalError" : "InternalFailure",
      "We encountered an internal error. Please try again.",
      { statusCode: 500, fault: "server", cause: thrown },
    ),
    unexpected: true,
  };
}

function expectedError(thrown: unknown, dialect: SignatureErrorDialect): AwsError | undefined {
  if (thrown instanceof AwsError) return thrown.code === "AccessDenied" ? denialIn(dialect, thrown) : thrown;
  if (thrown instanceof SignatureError) return worded(signatureErrorToAws(dialect, thrown));
  if (thrown instanceof ChunkedBodyError) return worded(chunkedErrorToAws(thrown));
  if (thrown instanceof BodyError && thrown.code !== "BodyUsed") {
    const { message, ...codes } = BODY_REFUSALS[thrown.code];
    const [code, statusCode] = dialect === "s3" ? codes.s3 : codes.others;
    return new AwsError(code, message, { statusCode });
  }
  if (thrown instanceof AuditError) {
    return new AwsError(
      dialect === "s3" ? "ServiceUnavailable" : "ServiceUnavailableException",
      "The audit log cannot be written, so nothing that must be in it can be done now. Data operations go on. Please retry.",
      { statusCode: 503, fault: "server", headers: [["Retry-After", "1"]] },
    );
  }
  if (thrown instanceof RateExceeded) {
    const [code, statusCode, message] = TOO_FAST[dialect];
    const seconds = String(Math.max(1, Math.ceil(thrown.retryAfterMs / 1000)));
    return new AwsError(code, message, { statusCode, headers: [["Retry-After", seconds]] });
  }
  if (thrown instanceof ControlPlaneUnavailable) {
    return new AwsError(
      dialect === "s3" || dialect === "query" ? "ServiceUnavailable" : "ServiceUnavailableException",
      "The control plane cannot be reached, so nothing can be created or configured now. Data operations go on. Please retry.",
      { statusCode: 503, fault: "server", headers: [["Retry-After", "1"]] },
    );
  }
  return undefined;
}

const RATE_EXCEEDED = "Rate exceeded";

/** How services word that somebody is too fast (each API's reference, "Common Errors"). SDKs wait and try again. */
const TOO_FAST: Readonly<Record<SignatureErrorDialect, readonly [code: string, status: number, message: string]>> = {
  s3: ["SlowDown", 503, "Please reduce your request rate."],
  query: ["Throttling", 400, RATE_EXCEEDED],
  json: ["ThrottlingException", 400, RATE_EXCEEDED],
  "rest-json": ["ThrottlingException", 429, RATE_EXCEEDED],
  ec2: ["RequestLimitExceeded", 503, RATE_EXCEEDED],
};

/** How services word that a policy does not allow it. The sentence is the same everywhere. */
const DENIALS: Readonly<Record<SignatureErrorDialect, readonly [code: string, status: number]>> = {
  s3: ["AccessDenied", 403],
  query: ["AccessDenied", 403],
  json: ["AccessDeniedException", 400],
  "rest-json": ["AccessDeniedException", 403],
  ec2: ["UnauthorizedOperation", 403],
};

function denialIn(dialect: SignatureErrorDialect, error: AwsError): AwsError {
  const [code, statusCode] = DENIALS[dialect];
  if (code === error.code) return error;
  return new AwsError(code, error.message, { statusCode, cause: error });
}

/** A refusal that another room has put into words already. */
function worded(fault: {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
}): AwsError {
  return new AwsError(fault.code, fault.message, {
    statusCode: fault.status,
    fields: Object.fromEntries(fault.fields),
  });
}
