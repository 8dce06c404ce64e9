/** Routes by which devices and programs sign in and out. */
import { groups } from "#control-plane/events";
import { clientNameProblem, ORG_SCOPES, secretHash } from "#control-plane/platform-identity";
import { json, ProblemError } from "#foundation/http";
import { sourceOf } from "#foundation/rate-limit";
import { type ApiCaller, actorOf, orgsOf } from "../authentication/caller.ts";
import { readMembers } from "../body.ts";
import type { ApiEnvironment } from "../environment.ts";
import { IDEMPOTENCY_HEADER, refusalProblem } from "../execute.ts";
import { originOf } from "../request-guard.ts";
import type { Route } from "../route.ts";
import { object, schemaRef, scopes, text } from "../schemas.ts";
import { GRANT_LIFETIME_MS, POLL_INTERVAL_SECONDS } from "./device-grants.ts";
import { findCode } from "./find-code.ts";
import { GRANTS, grantDevice, grantRefresh } from "./grants.ts";
import { actorOfSubject, askedScopes } from "./issue.ts";
import { OAuthRefusal, oauth, required } from "./oauth.ts";

const TOKENS = {
  status: 200,
  contentType: "application/json",
  schema: schemaRef("Tokens"),
  description: "Signed in.",
} as const;

const OAUTH_PROBLEMS = ["invalid_request", "invalid_grant", "TOO_MANY_REQUESTS"] as const;
const FORM = "A form (`application/x-www-form-urlencoded`), as OAuth has it, or JSON.";

const APPROVAL = object(
  { userCode: text, email: { ...text, description: "Of whom, where the operator lets somebody's device in." } },
  ["email"],
);

export const SIGN_IN_ROUTES: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/auth/device/start",
    operationId: "startDevice",
    summary: "Begins to sign a device in (RFC 8628 §3.1).",
    description: FORM,
    scope: "public",
    limited: true,
    requestBody: object({ client_name: text, scope: text, scopes }, ["client_name", "scope", "scopes"]),
    answer: {
      status: 200,
      contentType: "application/json",
      schema: object({
        device_code: text,
        user_code: text,
        verification_uri: text,
        verification_uri_complete: text,
        expires_in: { type: "integer" },
        interval: { type: "integer" },
      }),
      description: "Show the user code and the address; poll `/v1/auth/device/token` meanwhile.",
    },
    problems: ["invalid_request", "invalid_scope", "temporarily_unavailable", "TOO_MANY_REQUESTS"],
    handle: oauth(async (parameters, { request }, { deviceGrants }) => {
      const clientName = parameters.client_name ?? parameters.client_id ?? "A device";
      const problem = clientNameProblem(clientName);
      if (problem !== undefined) throw new OAuthRefusal("invalid_request", `${problem}.`);
      const asked = askedScopes(parameters.scope ?? parameters.scopes, ORG_SCOPES);
      const started = deviceGrants.start({ clientName, scopes: asked }, sourceOf(request.remoteAddress));
      if (started === undefined) {
        throw new OAuthRefusal("temporarily_unavailable", "Too many devices wait for an answer. Try again later.");
      }
      const page = `${originOf(request)}/device`;
      return {
        device_code: started.deviceCode,
        user_code: started.userCode,
        verification_uri: page,
        verification_uri_complete: `${page}?user_code=${started.userCode}`,
        expires_in: GRANT_LIFETIME_MS / 1000,
        interval: POLL_INTERVAL_SECONDS,
      };
    }),
  },
  {
    method: "POST",
    path: "/v1/auth/device/token",
    operationId: "pollDevice",
    summary: "Asks whether a device was let in (RFC 8628 §3.4).",
    description: FORM,
    scope: "public",
    limited: true,
    requestBody: object({ device_code: text, grant_type: text }, ["grant_type"]),
    answer: TOKENS,
    problems: ["authorization_pending", "slow_down", "access_denied", "expired_token", ...OAUTH_PROBLEMS],
    handle: oauth(grantDevice),
  },
  {
    method: "POST",
    path: "/v1/auth/device/approve",
    operationId: "approveDevice",
    summary: "Lets a device in, as its page does.",
    description: "A person lets a device of their own in; the operator names whose it is.",
    scope: "session",
    requestBody: APPROVAL,
    answer: {
      status: 200,
      contentType: "application/json",
      schema: object({ clientName: text, scopes }),
      description: "What was let in.",
    },
    problems: ["NO_SUCH_CODE", "NoSuchPerson", "TOO_MANY_REQUESTS"],
    async handle({ request, caller }, environment) {
      const { userCode, email } = await readMembers(request, APPROVAL);
      const approver = approverOf(caller, email, environment);
      const asked = findCode(String(userCode), actorOf(caller), environment);
      if (asked === undefined) throw noSuchCode();
      const granted = asked.scopes.filter((scope) => approver.scopes.includes(scope));
      environment.deviceGrants.answer(String(userCode), { approvedBy: approver.personId, scopes: granted });
      return json({ clientName: asked.clientName, scopes: granted });
    },
  },
  {
    method: "POST",
    path: "/v1/auth/token",
    operationId: "getToken",
    summary: "The token endpoint of OAuth 2: programs by client credentials (RFC 6749 §4.4), and the other grants.",
    description: `${FORM} The client's id and secret may also come by \`Authorization: Basic\`.`,
    scope: "public",
    limited: true,
    headers: IDEMPOTENCY_HEADER,
    requestBody: object(
      {
        grant_type: { enum: [...GRANTS.keys()] },
        client_id: text,
        client_secret: text,
        refresh_token: text,
        device_code: text,
        scope: text,
        scopes,
      },
      ["client_id", "client_secret", "refresh_token", "device_code", "scope", "scopes"],
    ),
    answer: TOKENS,
    problems: ["invalid_client", "unsupported_grant_type", "invalid_scope", ...OAUTH_PROBLEMS],
    handle: oauth(async (parameters, call, environment) => {
      const grant = GRANTS.get(required(parameters, "grant_type"));
      if (grant !== undefined) return await grant(parameters, call, environment);
      throw new OAuthRefusal("unsupported_grant_type", `Known here: ${[...GRANTS.keys()].join(", ")}.`);
    }),
  },
  {
    method: "POST",
    path: "/v1/auth/token/refresh",
    operationId: "refreshToken",
    summary: "Gets new tokens for a refresh token (RFC 6749 §6), which is spent thereby.",
    description: FORM,
    scope: "public",
    limited: true,
    headers: IDEMPOTENCY_HEADER,
    requestBody: object({ refresh_token: text, grant_type: text, scope: text, scopes }, [
      "grant_type",
      "scope",
      "scopes",
    ]),
    answer: TOKENS,
    problems: ["invalid_scope", ...OAUTH_PROBLEMS],
    handle: oauth(grantRefresh),
  },
  {
    method: "POST",
    path: "/v1/auth/token/revoke",
    operationId: "revokeToken",
    summary: "Ends what a token stands for (RFC 7009): its session, or itself when it is an API token.",
    description: `${FORM} Whoever has a token may end it. A token that is not known is none any more: that is no error.`,
    scope: "public",
    limited: true,
    requestBody: object({ token: text, token_type_hint: text }, ["token_type_hint"]),
    answer: { status: 200, contentType: "application/json", schema: object({}), description: "It is ended." },
    problems: [...OAUTH_PROBLEMS],
    handle: oauth(async (parameters, { request }, environment) => {
      await revoke(required(parameters, "token"), request.id, environment);
      return {};
    }),
  },
  {
    method: "GET",
    path: "/v1/auth/whoami",
    operationId: "whoAmI",
    summary: "Who the token speaks for, and what it may do where.",
    scope: "authenticated",
    answer: { status: 200, contentType: "application/json", schema: schemaRef("WhoAmI"), description: "You." },
    handle: ({ caller }, environment) => json(whoIs(caller, environment)),
  },
];

/** Who lets a device in, and with which scopes at most: nobody hands out more than their own. */
function approverOf(
  caller: ApiCaller,
  email: unknown,
  { core }: ApiEnvironment,
): { readonly personId: string; readonly scopes: readonly string[] } {
  if (caller.type === "operator") {
    const person = typeof email === "string" ? core.views.inGroup("person", groups.namedInCloud(email))[0] : undefined;
    if (person !== undefined) return { personId: person.personId, scopes: ORG_SCOPES };
    throw new ProblemError({
      status: 404,
      code: "NoSuchPerson",
      title: "There is no such person.",
      detail: "Name the person whose device it is by `email`.",
    });
  }
  if (caller.subject.type === "person" && email === undefined) {
    return { personId: caller.subject.personId, scopes: caller.scopes };
  }
  throw new ProblemError({
    status: 403,
    code: "NOT_A_PERSON",
    title: "Devices are let in by the person whose they are.",
    detail: "Programs sign in with their client secret; `email` is for the operator.",
  });
}

function noSuchCode(): ProblemError {
  return new ProblemError({
    status: 404,
    code: "NO_SUCH_CODE",
    title: "No device waits with this code.",
    detail: "Codes live for ten minutes. Look at the device, or begin there again.",
  });
}

async function revoke(token: string, requestId: string, environment: ApiEnvironment): Promise<void> {
  const { core, accessTokens, sessionOfRefreshToken } = environment;
  const sessionId = accessTokens.read(token)?.sessionId ?? sessionOfRefreshToken(token);
  const session = sessionId === undefined ? undefined : core.views.record("session", sessionId);
  const hash = secretHash(token);
  const apiToken = core.views.inGroup("apiToken", groups.hashed(hash))[0];
  const found = session ?? apiToken;
  if (found === undefined) return;
  const outcome = await core.execute(
    "sessionId" in found
      ? { type: "session.end", sessionId: found.sessionId }
      : { type: "apiToken.revoke", tokenId: found.tokenId },
    { actor: actorOfSubject(found.subject), requestId },
  );
  // Somebody else has ended it at the same time.
  if (!outcome.ok && outcome.code !== "NoSuchSession" && outcome.code !== "NoSuchToken") throw refusalProblem(outcome);
}

function whoIs(caller: ApiCaller, { core: { views } }: ApiEnvironment): object {
  if (caller.type === "operator") return { type: "operator", scopes: ORG_SCOPES, orgs: [] };
  const orgs = orgsOf(caller, views).map(({ accountId, role, scopes: held }) => ({
    accountId,
    name: views.account(accountId)?.name,
    role,
    scopes: [...held],
  }));
  const { subject } = caller;
  if (subject.type === "person") {
    const { personId: id, name, email } = views.record("person", subject.personId)!;
    return { type: subject.type, id, name, email, scopes: caller.scopes, orgs };
  }
  const { principalId: id, name } = views.record("servicePrincipal", subject.principalId)!;
  return { type: subject.type, id, name, scopes: caller.scopes, orgs };
}
