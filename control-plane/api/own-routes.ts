/** Routes about the caller's own tokens and sessions. */
import type { AccountId, Subject } from "#contracts";
import { type CommandOf, groups } from "#control-plane/events";
import { json, ProblemError } from "#foundation/http";
import type { ApiCaller, SubjectCaller } from "./authentication/caller.ts";
import { insufficientScope } from "./authorize.ts";
import { invalidBody, readMembers } from "./body.ts";
import { execute, IDEMPOTENCY_HEADER } from "./execute.ts";
import { DONE, done, listOf, secretAnswer } from "./orgs/shared.ts";
import { presentedSession, presentedToken } from "./presented.ts";
import type { Route } from "./route.ts";
import { accountId, object, schemaRef, scopes, text } from "./schemas.ts";

const NEW_TOKEN = object(
  {
    name: text,
    scopes,
    accountId: { ...accountId, description: "The only org that it is good for; all of the caller's when left out." },
    lifetimeSeconds: { type: "integer", minimum: 60, description: "It never expires when left out." },
  },
  ["accountId", "lifetimeSeconds"],
);
const JSON_TYPE = "application/json";

export const OWN_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/tokens",
    operationId: "listTokens",
    summary: "Lists the caller's API tokens, never the tokens themselves.",
    scope: "session",
    answer: {
      status: 200,
      contentType: JSON_TYPE,
      schema: listOf(schemaRef("ApiToken")),
      description: "The oldest first.",
    },
    problems: ["NOT_A_SUBJECT"],
    handle({ caller }, { core }) {
      const tokens = core.views.inGroup("apiToken", groups.ofSubject(subjectOf(caller).subject));
      return json({ items: [...tokens].sort(byAge).map(presentedToken) });
    },
  },
  {
    method: "POST",
    path: "/v1/tokens",
    operationId: "createToken",
    summary: "Makes an API token with scopes that the caller has.",
    description: "It does what the caller's role in each org allows, and of that what its scopes name.",
    scope: "session",
    headers: IDEMPOTENCY_HEADER,
    requestBody: NEW_TOKEN,
    answer: {
      status: 201,
      contentType: JSON_TYPE,
      schema: object({ tokenId: text, token: text }),
      description: "The token is shown here and never again.",
    },
    problems: ["NOT_A_SUBJECT", "NoSuchAccount", "LimitExceeded", "ValidationFailed"],
    async handle(call, environment) {
      const { subject, scopes: own } = subjectOf(call.caller);
      const { name, scopes: asked, accountId: org, lifetimeSeconds } = await readMembers(call.request, NEW_TOKEN);
      if (Array.isArray(asked)) {
        const beyond = asked.find((scope) => !own.includes(scope));
        if (beyond !== undefined) throw insufficientScope(/^[\w:-]{1,64}$/.test(String(beyond)) ? String(beyond) : "?");
      }
      const command = {
        type: "apiToken.create",
        subject,
        name,
        scopes: asked,
        accountId: org as AccountId | undefined,
        lifetimeMs: millisOf(lifetimeSeconds),
      };
      return secretAnswer(await execute(call, environment, command as CommandOf<"apiToken.create">));
    },
  },
  {
    method: "DELETE",
    path: "/v1/tokens/{token}",
    operationId: "revokeTokenById",
    summary: "Revokes one of the caller's API tokens.",
    scope: "session",
    answer: DONE,
    problems: ["NOT_A_SUBJECT", "NoSuchToken"],
    async handle(call, environment) {
      const { subject } = subjectOf(call.caller);
      const tokenId = call.params.token!;
      const token = environment.core.views.record("apiToken", tokenId);
      if (token === undefined || !sameSubject(token.subject, subject)) throw notFound("NoSuchToken", "token");
      await execute(call, environment, { type: "apiToken.revoke", tokenId });
      return done();
    },
  },
  {
    method: "GET",
    path: "/v1/sessions",
    operationId: "listSessions",
    summary: "Lists the devices and browsers on which the caller is signed in.",
    scope: "session",
    answer: {
      status: 200,
      contentType: JSON_TYPE,
      schema: listOf(schemaRef("Session")),
      description: "The oldest first.",
    },
    problems: ["NOT_A_SUBJECT"],
    handle({ caller }, { core, clock }) {
      const { subject, credential } = subjectOf(caller);
      const current = credential.type === "session" ? credential.sessionId : undefined;
      const sessions = core.views.inGroup("session", groups.ofSubject(subject));
      const living = sessions.filter((session) => session.expiresAt > clock.now()).sort(byAge);
      return json({ items: living.map((session) => presentedSession(session, current)) });
    },
  },
  {
    method: "DELETE",
    path: "/v1/sessions/{session}",
    operationId: "endSession",
    summary: "Signs one of the caller's devices out.",
    scope: "session",
    answer: DONE,
    problems: ["NOT_A_SUBJECT", "NoSuchSession"],
    async handle(call, environment) {
      const { subject } = subjectOf(call.caller);
      const sessionId = call.params.session!;
      const session = environment.core.views.record("session", sessionId);
      if (session === undefined || !sameSubject(session.subject, subject)) throw notFound("NoSuchSession", "session");
      await execute(call, environment, { type: "session.end", sessionId });
      return done();
    },
  },
];

/** @throws ProblemError 403 NOT_A_SUBJECT */
function subjectOf(caller: ApiCaller): SubjectCaller {
  if (caller.type === "subject") return caller;
  throw new ProblemError({
    status: 403,
    code: "NOT_A_SUBJECT",
    title: "The operator has no tokens and sessions.",
    detail: "Sign in as a person (`biplane login`).",
  });
}

function sameSubject(left: Subject, right: Subject): boolean {
  return groups.ofSubject(left) === groups.ofSubject(right);
}

/** Those of others look like none. */
function notFound(code: string, what: string): ProblemError {
  return new ProblemError({ status: 404, code, title: `There is no such ${what}.` });
}

function millisOf(seconds: unknown): number | undefined {
  if (seconds === undefined) return undefined;
  if (typeof seconds === "number" && Number.isSafeInteger(seconds) && seconds > 0) return seconds * 1000;
  throw invalidBody("lifetimeSeconds must be a whole number of seconds.");
}

function byAge(left: { readonly createdAt: number }, right: { readonly createdAt: number }): number {
  return left.createdAt - right.createdAt;
}
