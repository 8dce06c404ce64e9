/** `/device`: lets a device in (RFC 8628 §3.3). */
import { groups } from "#control-plane/events";
import { ORG_SCOPES } from "#control-plane/platform-identity";
import type { HttpRequest, HttpResponse } from "#foundation/http";
import type { DeviceRequest } from "../sign-in/device-grants.ts";
import { findCode } from "../sign-in/find-code.ts";
import { actorOfSubject } from "../sign-in/issue.ts";
import type { SignedIn } from "./cookies.ts";
import { html } from "./html.ts";
import { pageAnswer, problemNote, seeOther } from "./layout.ts";
import { hidden, loginLocation } from "./login-page.ts";
import { type Page, type PageEnvironment, PROOF_FIELD } from "./page.ts";

const NO_SUCH_CODE =
  "No device waits with this code. Codes are good for ten minutes: look at the device, or begin there again.";

export const DEVICE_PAGE: Page = {
  path: "/device",
  show({ request, query }, environment) {
    const userCode = query.user_code;
    const signedIn = environment.cookies.signedIn(request, environment);
    if (signedIn === undefined) {
      return seeOther(
        loginLocation(userCode === undefined ? "/device" : `/device?user_code=${encodeURIComponent(userCode)}`),
      );
    }
    if (userCode === undefined) return codePage(signedIn);
    const asked = findCode(userCode, actorOfSubject(signedIn.session.subject), environment);
    if (asked === undefined) return codePage(signedIn, userCode, NO_SUCH_CODE);
    return confirmPage(userCode, asked, signedIn, request, environment);
  },
  take({ request, form }, environment) {
    const signedIn = environment.cookies.signedIn(request, environment);
    if (signedIn === undefined) return seeOther(loginLocation("/device"));
    const { user_code: userCode = "", answer } = form;
    const asked = findCode(userCode, actorOfSubject(signedIn.session.subject), environment);
    if (asked === undefined) return codePage(signedIn, userCode, NO_SUCH_CODE);
    const { clientName, scopes } = asked;
    if (answer !== "approve") {
      environment.deviceGrants.answer(userCode, "denied");
      return donePage("Refused", `${clientName} was not let in.`);
    }
    environment.deviceGrants.answer(userCode, { approvedBy: signedIn.person.personId, scopes });
    return donePage("Done", `${clientName} is signed in as ${signedIn.person.name}. You can close this page.`);
  },
};

/** The form goes by GET: looking a code up changes nothing. */
function codePage({ person }: SignedIn, userCode = "", problem?: string): HttpResponse {
  const body = html`
<h1>Let a device in</h1>
${problemNote(problem)}
<form method="get" action="/device">
<label for="code">The code that the device shows</label>
<input id="code" class="code" name="user_code" required maxlength="16" autocomplete="off" autocapitalize="characters" spellcheck="false" autofocus placeholder="XXXX-XXXX" value="${userCode.slice(0, 16)}">
<p class="hint">Eight letters, for example those that <code>biplane login</code> has printed.</p>
<div class="buttons"><button>Go on</button></div>
</form>
${whoLine(person)}`;
  return pageAnswer({ title: "Let a device in", body, status: problem === undefined ? 200 : 404 });
}

function confirmPage(
  userCode: string,
  { clientName, scopes }: DeviceRequest,
  { person }: SignedIn,
  request: HttpRequest,
  { cookies, core }: PageEnvironment,
): HttpResponse {
  const proof = cookies.proof(request);
  const orgs = core.views
    .inGroup("member", groups.ofPerson(person.personId))
    .map(({ accountId, role }) => `${core.views.account(accountId)?.name} (${role})`)
    .sort();
  const everything = scopes.length === ORG_SCOPES.length;
  const body = html`
<h1>Let “${clientName}” act as you?</h1>
<p>That is what the device calls itself. Let it in only if you have just begun to sign in there yourself, and it shows this very code:</p>
<p><code class="big">${shownCode(userCode)}</code></p>
<dl>
<dt>You</dt><dd>${person.name} (${person.email})</dd>
<dt>Your orgs</dt><dd>${orgs.length === 0 ? "none yet" : orgs.join(", ")}</dd>
<dt>It may</dt><dd>${
    everything
      ? "do everything that your role in each org allows"
      : html`use only these rights of your roles: <ul class="scopes">${scopes.map((scope) => html`<li>${scope}</li>`)}</ul>`
  }</dd>
</dl>
<form method="post" action="/device">
${hidden(PROOF_FIELD, proof.field)}${hidden("user_code", userCode)}
<div class="buttons">
<button name="answer" value="approve">Let it in</button>
<button name="answer" value="deny" class="second">Refuse</button>
</div>
</form>
${whoLine(person)}`;
  return pageAnswer({ title: "Let a device in", body, cookies: proof.cookies });
}

function donePage(title: string, sentence: string): HttpResponse {
  return pageAnswer({ title, body: html`<h1>${title}.</h1><p role="status">${sentence}</p>` });
}

function whoLine(person: SignedIn["person"]) {
  return html`<p class="who">Signed in as ${person.email}. <a href="/password">Change the password</a> or <a href="/logout">sign out</a></p>`;
}

/** As the device shows it. */
function shownCode(userCode: string): string {
  const letters = userCode.toUpperCase().replace(/[^A-Z]/g, "");
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}
