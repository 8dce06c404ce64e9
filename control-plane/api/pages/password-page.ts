/** `/password`: a new password, by the old one or by a link of the operator's. */
import type { PersonRecord } from "#contracts";
import type { HttpResponse } from "#foundation/http";
import { sourceOf } from "#foundation/rate-limit";
import { actorOfSubject } from "../sign-in/issue.ts";
import { PASSWORD_CHARACTERS_MIN, passwordProblem } from "../sign-in/passwords.ts";
import { html } from "./html.ts";
import { pageAnswer, problemNote, seeOther } from "./layout.ts";
import { AUTOFOCUS, hidden, loginLocation, signInCookie } from "./login-page.ts";
import { type FormCall, type Page, type PageCall, type PageEnvironment, PROOF_FIELD } from "./page.ts";

export const PASSWORD_PAGE: Page = {
  path: "/password",
  show(call, environment) {
    const { token } = call.query;
    if (token !== undefined) {
      const person = linkedPerson(token, environment);
      return person === undefined ? noSuchLink() : passwordForm(call, environment, person, { token });
    }
    const person = environment.cookies.signedIn(call.request, environment)?.person;
    return person === undefined ? seeOther(loginLocation("/password")) : passwordForm(call, environment, person, {});
  },
  async take(call, environment) {
    const { token, current = "", password = "" } = call.form;
    const person =
      token === undefined
        ? environment.cookies.signedIn(call.request, environment)?.person
        : linkedPerson(token, environment);
    if (person === undefined) return token === undefined ? seeOther(loginLocation("/password")) : noSuchLink();
    const problem = passwordProblem(password);
    if (problem !== undefined) return passwordForm(call, environment, person, { token, problem });
    if (token === undefined) {
      const refusal = await refusalOfCurrent(call, environment, person, current);
      if (refusal !== undefined) return passwordForm(call, environment, person, { problem: refusal });
    }
    return await setPassword(call, environment, person, password, token !== undefined);
  },
};

/** Why the old password does not do; undefined when it does. A browser that somebody left open is not enough to take an account over. */
async function refusalOfCurrent(
  { request }: FormCall,
  { lockOut, passwords }: PageEnvironment,
  { email, passwordHash }: PersonRecord,
  current: string,
): Promise<string | undefined> {
  const decision = lockOut.attempt(`person ${email.toLowerCase()}`, sourceOf(request.remoteAddress));
  if (!decision.allowed) return `Too many attempts. Try again in ${Math.ceil(decision.retryAfterMs / 1000)} seconds.`;
  if (await passwords.verify(current, passwordHash)) {
    decision.attempt.succeeded();
    return undefined;
  }
  decision.attempt.failed();
  return "That is not your password.";
}

/**
 * @param byLink whoever needs a link may have lost the account to somebody, or somebody has made it under their address before them: nothing of that one stays, API tokens neither
 */
async function setPassword(
  { request }: FormCall,
  environment: PageEnvironment,
  { personId }: PersonRecord,
  password: string,
  byLink: boolean,
): Promise<HttpResponse> {
  const passwordHash = await environment.passwords.hash(password);
  const outcome = await environment.core.execute(
    { type: "person.change", personId, passwordHash, ...(byLink ? { revokeTokens: true } : {}) },
    { actor: actorOfSubject({ type: "person", personId }), requestId: request.id },
  );
  if (!outcome.ok) throw new Error(`a password could not be set: ${outcome.message}`);
  // A device that was let in before and has not asked yet would sign in after everybody was signed out.
  environment.deviceGrants.forget(personId);
  const cookie = await signInCookie(request, personId, environment);
  const body = html`
<h1>Your password is changed.</h1>
<p role="status">Everywhere else you are signed out. ${byLink ? "Your API tokens are revoked." : "API tokens are as they were."}</p>`;
  return pageAnswer({ title: "Password changed", body, cookies: [cookie] });
}

function linkedPerson(token: string, { core, passwordLinks }: PageEnvironment): PersonRecord | undefined {
  return passwordLinks.personOf(token, (personId) => core.views.record("person", personId));
}

function passwordForm(
  { request }: PageCall,
  { cookies }: PageEnvironment,
  { email }: PersonRecord,
  { token, problem }: { readonly token?: string; readonly problem?: string },
): HttpResponse {
  const proof = cookies.proof(request);
  const first =
    token === undefined
      ? html`
<label for="current">Your password now</label>
<input id="current" name="current" type="password" autocomplete="current-password" required maxlength="1024"${AUTOFOCUS}>`
      : hidden("token", token);
  const body = html`
<h1>A new password</h1>
<p>For ${email}.</p>
${problemNote(problem)}
<form method="post" action="/password">
${hidden(PROOF_FIELD, proof.field)}
<input type="email" name="username" autocomplete="username" value="${email}" readonly hidden>${first}
<label for="password">The new password</label>
<input id="password" name="password" type="password" autocomplete="new-password" required minlength="${PASSWORD_CHARACTERS_MIN}" maxlength="1024" aria-describedby="rule"${token === undefined ? undefined : AUTOFOCUS}>
<p class="hint" id="rule">At least ${PASSWORD_CHARACTERS_MIN} characters; a few words in a row are good.</p>
<div class="buttons"><button>Change it</button></div>
</form>`;
  return pageAnswer({
    title: "A new password",
    body,
    status: problem === undefined ? 200 : 400,
    cookies: proof.cookies,
  });
}

function noSuchLink(): HttpResponse {
  const body = html`<h1>This link is not good any more.</h1><p>It was used, or is older than an hour. Ask the operator for another one.</p>`;
  return pageAnswer({ title: "No such link", body, status: 404 });
}
