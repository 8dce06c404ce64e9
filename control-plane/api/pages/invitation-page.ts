/** `/invitations/accept`: how a person becomes a member, and a stranger a person. */
import type { CommandOutcome, InvitationRecord, PersonRecord } from "#contracts";
import { groups } from "#control-plane/events";
import { personByEmail, personNameProblem, sameEmail, secretHash } from "#control-plane/platform-identity";
import type { HttpResponse } from "#foundation/http";
import { originOf } from "../request-guard.ts";
import { actorOfSubject } from "../sign-in/issue.ts";
import { PASSWORD_CHARACTERS_MIN, passwordProblem } from "../sign-in/passwords.ts";
import { html } from "./html.ts";
import { pageAnswer, problemNote } from "./layout.ts";
import { AUTOFOCUS, hidden, loginLocation, signInCookie } from "./login-page.ts";
import { type FormCall, type Page, type PageCall, type PageEnvironment, PROOF_FIELD } from "./page.ts";

/** What is asked of a new person. */
interface NewPersonForm {
  readonly name?: string;
  readonly problem?: string;
}

export const INVITATION_PAGE: Page = {
  path: "/invitations/accept",
  show(call, environment) {
    const token = call.query.token ?? "";
    const invitation = invitationOf(token, environment);
    return invitation === undefined ? noSuchInvitation() : offer(call, environment, token, invitation, {});
  },
  async take(call, environment) {
    const token = call.form.token ?? "";
    const invitation = invitationOf(token, environment);
    if (invitation === undefined) return noSuchInvitation();
    const signedIn = environment.cookies.signedIn(call.request, environment);
    if (signedIn !== undefined && sameEmail(signedIn.person.email, invitation.email)) {
      const { personId } = signedIn.person;
      const outcome = await accept(call, environment, invitation, { personId }, personId);
      return outcome.ok ? welcome(call, environment, invitation, []) : refused(outcome.message);
    }
    if (personByEmail(environment.core.views, invitation.email) !== undefined) {
      return offer(call, environment, token, invitation, {});
    }
    return await acceptAsNew(call, environment, token, invitation);
  },
};

async function acceptAsNew(
  call: FormCall,
  environment: PageEnvironment,
  token: string,
  invitation: InvitationRecord,
): Promise<HttpResponse> {
  const name = (call.form.name ?? "").trim();
  const password = call.form.password ?? "";
  const problem = sentence(personNameProblem(name)) ?? passwordProblem(password);
  if (problem !== undefined) return offer(call, environment, token, invitation, { name, problem });
  const passwordHash = await environment.passwords.hash(password);
  const newPerson = { name, passwordHash };
  const outcome = await accept(call, environment, invitation, { newPerson }, undefined);
  if (!outcome.ok) return refused(outcome.message);
  const cookie = await signInCookie(call.request, outcome.result.personId, environment);
  return welcome(call, environment, invitation, [cookie]);
}

async function accept(
  { request }: PageCall,
  { core }: PageEnvironment,
  { invitationId }: InvitationRecord,
  who: { readonly personId: string } | { readonly newPerson: { readonly name: string; readonly passwordHash: string } },
  personId: string | undefined,
): Promise<CommandOutcome<"invitation.accept">> {
  const actor = personId === undefined ? `invitation:${invitationId}` : actorOfSubject({ type: "person", personId });
  return await core.execute({ type: "invitation.accept", invitationId, ...who }, { actor, requestId: request.id });
}

/** The invitation of a link, while it is good. */
function invitationOf(token: string, { core, clock }: PageEnvironment): InvitationRecord | undefined {
  const invitation = core.views.inGroup("invitation", groups.hashed(secretHash(token)))[0];
  return invitation !== undefined && invitation.expiresAt > clock.now() ? invitation : undefined;
}

function offer(
  { request }: PageCall,
  environment: PageEnvironment,
  token: string,
  invitation: InvitationRecord,
  form: NewPersonForm,
): HttpResponse {
  const { core, cookies } = environment;
  const org = core.views.account(invitation.accountId)?.name;
  const signedIn = cookies.signedIn(request, environment)?.person;
  const proof = cookies.proof(request);
  const title = `Join ${org}`;
  const heading = html`<h1>${title}</h1><p>You are invited to ${org} as <strong>${invitation.role}</strong>, with the address ${invitation.email}.</p>`;
  const hiddenFields = html`${hidden(PROOF_FIELD, proof.field)}${hidden("token", token)}`;
  const known = personByEmail(core.views, invitation.email);
  const body =
    signedIn !== undefined && sameEmail(signedIn.email, invitation.email)
      ? html`${heading}
<form method="post" action="/invitations/accept">${hiddenFields}
<div class="buttons"><button>Join</button></div>
</form>`
      : known !== undefined
        ? html`${heading}${otherPerson(signedIn)}
<p><a href="${loginLocation(`/invitations/accept?token=${encodeURIComponent(token)}`)}">Sign in to join</a></p>`
        : html`${heading}${otherPerson(signedIn)}
${problemNote(form.problem)}
<form method="post" action="/invitations/accept">${hiddenFields}
<input type="email" name="username" autocomplete="username" value="${invitation.email}" readonly hidden>
<label for="name">Your name</label>
<input id="name" name="name" autocomplete="name" required maxlength="128" value="${form.name ?? ""}"${form.name === undefined ? AUTOFOCUS : undefined}>
<label for="password">A password</label>
<input id="password" name="password" type="password" autocomplete="new-password" required minlength="${PASSWORD_CHARACTERS_MIN}" maxlength="1024" aria-describedby="rule"${form.name === undefined ? undefined : AUTOFOCUS}>
<p class="hint" id="rule">At least ${PASSWORD_CHARACTERS_MIN} characters; a few words in a row are good.</p>
<div class="buttons"><button>Join</button></div>
</form>`;
  return pageAnswer({ title, body, status: form.problem === undefined ? 200 : 400, cookies: proof.cookies });
}

/** The invitation is for somebody else than who is signed in. */
function otherPerson(signedIn: PersonRecord | undefined) {
  if (signedIn === undefined) return undefined;
  return html`<p class="problem">You are signed in as ${signedIn.email}, and this invitation is not for you. <a href="/logout">Sign out</a> first.</p>`;
}

function welcome(
  { request }: PageCall,
  { core }: PageEnvironment,
  { accountId, role }: InvitationRecord,
  cookies: readonly string[],
): HttpResponse {
  const org = core.views.account(accountId)?.name;
  const body = html`
<h1>Welcome to ${org}.</h1>
<p role="status">You are a member, as ${role}. To work from your terminal:</p>
<pre>biplane login --endpoint ${originOf(request)}</pre>`;
  return pageAnswer({ title: `Welcome to ${org}`, body, cookies });
}

function noSuchInvitation(): HttpResponse {
  const body = html`<h1>This invitation is not good any more.</h1><p>It was used, taken back, or is older than a week. Ask for another one.</p>`;
  return pageAnswer({ title: "No such invitation", body, status: 404 });
}

function refused(message: string): HttpResponse {
  return pageAnswer({
    title: "Not joined",
    body: html`<h1>That did not work.</h1><p>${sentence(message)}</p>`,
    status: 409,
  });
}

function sentence<Text extends string | undefined>(text: Text): Text | string {
  return text === undefined || /[.!?]$/.test(text) ? text : `${text}.`;
}
