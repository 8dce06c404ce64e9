/** Whatever goes wrong on the way of a request, as an error that the client's SDK understands. The one place where unknown errors end. */

import { ControlPlaneUnavailable } from "#data-plane/link";
import { AwsError } from "#foundation/aws";
import { ChunkedBodyError, chunkedErrorToAws } from "#foundation/aws/chunked";
import { SignatureError, type SignatureErrorDialect, signatureErrorToAws } from "#foundation/aws/sigv4";

/** Names of the errors that reading a request's body may end in (`#foundation/http`), and what S3 calls them. */
const BODY_ERRORS: Readonly<
  Record<string, { readonly code: string; readonly message: string; readonly status: number }>
> = {
  IncompleteBody: {
    code: "IncompleteBody",
    message: "You did not provide the number of bytes specified by the Content-Length HTTP header.",
    status: 400,
  },
  RequestAborted: {
    code: "IncompleteBody",
    message: "The connection ended before the whole body had arrived.",
    status: 400,
  },
  BodyTimeout: {
    code: "RequestTimeout",
    message:
      "Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.",
    status: 400,
  },
  PayloadTooLarge: {
    code: "MaxMessageLengthExceeded",
    message: "Your request was too large.",
    status: 400,
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
  if (thrown instanceof AwsError) return { error: thrown, unexpected: false };
  if (thrown instanceof SignatureError)
    return { error: worded(signatureErrorToAws(dialect, thrown)), unexpected: false };
  if (thrown instanceof ChunkedBodyError) return { error: worded(chunkedErrorToAws(thrown)), unexpected: false };
  if (thrown instanceof ControlPlaneUnavailable) {
    return {
      error: new AwsError(
        dialect === "s3" ? "ServiceUnavailable" : "ServiceUnavailableException",
        "The control plane cannot be reached, so nothing can be created or configured now. Data operations go on. Please retry.",
        { statusCode: 503, fault: "server", headers: [["Retry-After", "1"]] },
      ),
      unexpected: false,
    };
  }
  if (thrown instanceof Error) {
    const body = BODY_ERRORS[thrown.name];
    if (body !== undefined) {
      return { error: new AwsError(body.code, body.message, { statusCode: body.status }), unexpected: false };
    }
  }
  return {
    error: new AwsError(
      dialect === "s3" ? "InternalError" : "InternalFailure",
      "We encountered an internal error. Please try again.",
      { statusCode: 500, fault: "server", cause: thrown },
    ),
    unexpected: true,
  };
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
