/** The manners of OAuth 2 (RFC 6749): how parameters come, how errors go. */
import { type HttpRequest, type HttpResponse, json, ProblemError, readJson } from "#foundation/http";
import type { ApiEnvironment } from "../environment.ts";
import type { RouteCall } from "../route.ts";

const BODY_BYTES_MAX = 16 * 1024;

/** RFC 6749 §5.1: answers with tokens are kept by nobody on the way. */
const NO_STORE = [
  ["cache-control", "no-store"],
  ["pragma", "no-cache"],
] as const;

/** The error codes that are in use here (RFC 6749 §5.2, RFC 8628 §3.5, RFC 7009 §2.2). */
export type OAuthErrorCode =
  | "invalid_request"
  | "invalid_client"
  | "invalid_grant"
  | "unsupported_grant_type"
  | "invalid_scope"
  | "authorization_pending"
  | "slow_down"
  | "access_denied"
  | "expired_token"
  | "temporarily_unavailable";

/** Thrown inside {@link oauth}. */
export class OAuthRefusal extends Error {
  override readonly name = "OAuthRefusal";
  readonly code: OAuthErrorCode;

  /** @param description a sentence for the developer of the client */
  constructor(code: OAuthErrorCode, description: string) {
    super(description);
    this.code = code;
  }
}

/** Parameters of a request by name; lists are joined by spaces, as RFC 6749 §3.3 writes scopes. */
export type OAuthParameters = Readonly<Record<string, string | undefined>>;

/** A handler that reads parameters and may refuse as OAuth does. */
export function oauth(
  handle: (parameters: OAuthParameters, call: RouteCall, environment: ApiEnvironment) => Promise<object>,
): (call: RouteCall, environment: ApiEnvironment) => Promise<HttpResponse> {
  return async (call, environment) => {
    try {
      return json(await handle(await readParameters(call.request), call, environment), 200, NO_STORE);
    } catch (error) {
      if (error instanceof OAuthRefusal) return refusal(error);
      throw error;
    }
  };
}

function refusal({ code, message }: OAuthRefusal): HttpResponse {
  const status = code === "invalid_client" ? 401 : code === "temporarily_unavailable" ? 503 : 400;
  const body = { error: code, error_description: message, code, detail: message };
  const challenge = status === 401 ? ([["www-authenticate", 'Basic realm="biplane"']] as const) : [];
  return json(body, status, [...NO_STORE, ...challenge]);
}

/** From a form, as OAuth wants it, or from JSON, as the rest of the API has it. */
async function readParameters(request: HttpRequest): Promise<OAuthParameters> {
  const type = request.headers.get("content-type") ?? "";
  if (/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    return readForm(await request.body.text(BODY_BYTES_MAX));
  }
  const body = await readJson(request, BODY_BYTES_MAX);
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new OAuthRefusal("invalid_request", "The body must be a form or a JSON object.");
  }
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, textOf(name, value)]));
}

function readForm(text: string): OAuthParameters {
  const parameters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    // RFC 6749 §3.2.
    if (Object.hasOwn(parameters, name)) throw new OAuthRefusal("invalid_request", `${shown(name)} is given twice.`);
    // A parameter without a value counts as left out (§3.2).
    if (value !== "") parameters[name] = value;
  }
  return parameters;
}

function textOf(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value.join(" ");
  throw new OAuthRefusal("invalid_request", `${shown(name)} must be text.`);
}

function shown(name: string): string {
  return /^\w{1,40}$/.test(name) ? name : "A parameter";
}

/** A parameter that must be there. */
export function required(parameters: OAuthParameters, name: string): string {
  const value = parameters[name];
  if (value === undefined) throw new OAuthRefusal("invalid_request", `The parameter ${name} is missing.`);
  return value;
}

/** The client's id and secret: `Authorization: Basic` or parameters, not both (RFC 6749 §2.3.1). */
export function clientCredentials(
  request: Pick<HttpRequest, "headers">,
  parameters: OAuthParameters,
): { readonly id: string; readonly secret: string } {
  const authorization = request.headers.get("authorization");
  if (authorization === undefined) {
    return { id: required(parameters, "client_id"), secret: required(parameters, "client_secret") };
  }
  if (parameters.client_secret !== undefined) {
    throw new OAuthRefusal("invalid_request", "The client's secret is given in two ways.");
  }
  const encoded = /^Basic +([A-Za-z0-9+/]+=*) *$/i.exec(authorization)?.[1];
  const decoded = encoded === undefined ? "" : Buffer.from(encoded, "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  if (colon < 0) throw new OAuthRefusal("invalid_client", "The Authorization header is not one of Basic.");
  try {
    return { id: formDecoded(decoded.slice(0, colon)), secret: formDecoded(decoded.slice(colon + 1)) };
  } catch {
    throw new OAuthRefusal("invalid_client", "The Authorization header is not properly encoded.");
  }
}

function formDecoded(text: string): string {
  return decodeURIComponent(text.replaceAll("+", " "));
}

/** A problem where a refusal of the control plane could not have happened. */
export function unexpected(code: string, message: string): ProblemError {
  return new ProblemError({ status: 500, code, title: "The control plane refused.", detail: message });
}
