/**
 * What a log may show of a request's address.
 *
 * A presigned URL is a credential for as long as it lives, and so is a session token: whoever may read the log must not be able to use them.
 */
import { decodePercent } from "#foundation/aws/sigv4";

/** Query parameters of Signature Versions 4 and 2 whose values are not written, in lower case. */
const SECRET: ReadonlySet<string> = new Set([
  "x-amz-signature",
  "x-amz-credential",
  "x-amz-security-token",
  "signature",
  "awsaccesskeyid",
]);

const REPLACEMENT = "REDACTED";

const isSecret = (name: string): boolean => SECRET.has(decodePercent(name.replaceAll("+", " ")).trim().toLowerCase());

/**
 * An address without the values of its secret parameters. Takes request targets and whole URLs (a `Referer` may be a presigned one).
 * @example
 * withoutSecrets("/photos/cat.png?X-Amz-Signature=5f…&x=1"); // "/photos/cat.png?X-Amz-Signature=REDACTED&x=1"
 */
export function withoutSecrets(address: string): string {
  const mark = address.indexOf("?");
  if (mark < 0) return address;
  const parameters = address.slice(mark + 1).split("&");
  let changed = false;
  for (let i = 0; i < parameters.length; i++) {
    const parameter = parameters[i]!;
    const equals = parameter.indexOf("=");
    if (equals < 0 || !isSecret(parameter.slice(0, equals))) continue;
    parameters[i] = `${parameter.slice(0, equals)}=${REPLACEMENT}`;
    changed = true;
  }
  return changed ? `${address.slice(0, mark)}?${parameters.join("&")}` : address;
}

/** The value of a query parameter, decoded; undefined when it is absent or empty. */
export function queryValue(query: string, name: string): string | undefined {
  if (!query.includes(name)) return undefined;
  for (const parameter of query.split("&")) {
    const equals = parameter.indexOf("=");
    if (equals > 0 && parameter.slice(0, equals) === name) {
      return decodePercent(parameter.slice(equals + 1)) || undefined;
    }
  }
  return undefined;
}

/** How a request says who it is, proven or not. */
export interface AuthenticationForm {
  readonly signatureVersion: "SigV2" | "SigV4" | undefined;
  readonly authType: "AuthHeader" | "QueryString" | undefined;
}

const ANONYMOUS: AuthenticationForm = { signatureVersion: undefined, authType: undefined };

export function authenticationForm(authorization: string | undefined, query: string): AuthenticationForm {
  if (authorization !== undefined) {
    if (authorization.startsWith("AWS4-")) return { signatureVersion: "SigV4", authType: "AuthHeader" };
    if (authorization.startsWith("AWS ")) return { signatureVersion: "SigV2", authType: "AuthHeader" };
    return ANONYMOUS;
  }
  if (query === "") return ANONYMOUS;
  if (queryValue(query, "X-Amz-Signature") !== undefined) return { signatureVersion: "SigV4", authType: "QueryString" };
  if (queryValue(query, "AWSAccessKeyId") !== undefined) return { signatureVersion: "SigV2", authType: "QueryString" };
  return ANONYMOUS;
}
