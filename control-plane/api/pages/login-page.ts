/** `/login` and `/logout`. */
import { personByEmail } from "#control-plane/platform-identity";
import type { HttpRequest, HttpResponse } from "#foundation/http";
import { sourceOf } from "#foundation/rate-limit";
import { failedProofEvent } from "../audit.ts";
import { execute } from "../execute.ts";
import { openSession } from "../sign-in/issue.ts";
import { type Html, html } from "./html.ts";
import { pageAnswer, problemNote, seeOther } from "./layout.ts";
import { type FormCall, type Page, type PageCall, type PageEnvironment, PROOF_FIELD } from "./page.ts";

/** Where one may go on after signing in: our own pages, nothing else. */
const NEXT_PATHS: ReadonlySet<string> = new Set(["/device", "/gateways", "/invitations/accept", "/password"]);
const NEXT_DEFAULT = "/device";

export const LOGIN_PAGE: Page = {
  path: "/login",
  show(call, environment) {
    const next = nextOf(call.query.next);
    if (environment.cookies.signedIn(call.request, environment) !== undefined) return seeOther(next);
    return loginPage(call, environment, { next });
  },
  async take(call, environment) {
    const { request, form } = call;
    const { email = "", password = "" } = form;
    const next = nextOf(form.next);
    const decision = environment.lockOut.attempt(`person ${email.toLowerCase()}`, sourceOf(request.remoteAddress));
    if (!decision.allowed) {
      const seconds = Math.max(1, Math.ceil(decision.retryAfterMs / 1000));
      const problem = `Too many attempts. Try again in ${seconds === 1 ? "a second" : `${seconds} seconds`}.`;
      return loginPage(call, environment, { next, email, problem, status: 429 });
    }
    const person = personByEmail(environment.core.views, email);
    const genuine = await environment.passwords.verify(password, person?.passwordHash);
    if (!genuine || person === undefined) {
      decision.attempt.failed();
      const problem = "There is no such person, or this is not the password.";
      environment.audit.note(failedProofEvent("page.login", person?.personId, "WRONG_PASSWORD", problem, request));
      return loginPage(call, environment, { next, email, problem, status: 403 });
    }
    decision.attempt.succeeded();
    return seeOther(next, [await signInCookie(request, person.personId, environment)]);
  },
};

export const LOGOUT_PAGE: Page = {
  path: "/logout",
  show({ request }, { cookies, ...environment }) {
    const signedIn = cookies.signedIn(request, environment);
    if (signedIn === undefined) return signedOutPage([]);
    const proof = cookies.proof(request);
    const body = html`
<h1>Sign out?</h1>
<p>You are signed in as ${signedIn.person.name} (${signedIn.person.email}).</p>
<form method="post" action="/logout">
${hidden(PROOF_FIELD, proof.field)}
<div class="buttons"><button>Sign out</button></div>
</form>`;
    return pageAnswer({ title: "Sign out", body, cookies: proof.cookies });
  },
  async take({ request }, environment) {
    const signedIn = environment.cookies.signedIn(request, environment);
    if (signedIn !== undefined) {
      const { sessionId, subject, scopes } = signedIn.session;
      const caller = { type: "subject", subject, scopes, credential: { type: "session", sessionId } } as const;
      await execute({ request, caller }, environment, { type: "session.end", sessionId });
    }
    return signedOutPage([environment.cookies.signOut(request)]);
  },
};

function signedOutPage(cookies: readonly string[]): HttpResponse {
  const body = html`<h1>You are signed out.</h1><p><a href="/login">Sign in</a></p>`;
  return pageAnswer({ title: "Signed out", body, cookies });
}

interface LoginForm {
  readonly next: string;
  readonly email?: string;
  readonly problem?: string;
  readonly status?: number;
}

function loginPage({ request }: PageCall | FormCall, { cookies }: PageEnvironment, form: LoginForm): HttpResponse {
  const { next, email = "", problem, status = 200 } = form;
  const proof = cookies.proof(request);
  const body = html`
<h1>Sign in</h1>
${problemNote(problem)}
<form method="post" action="/login">
${hidden(PROOF_FIELD, proof.field)}${hidden("next", next)}
<label for="email">E-mail address</label>
<input id="email" name="email" type="email" autocomplete="username" required maxlength="254" value="${email}"${email === "" ? AUTOFOCUS : undefined}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="1024"${email === "" ? undefined : AUTOFOCUS}>
<div class="buttons"><button>Sign in</button></div>
</form>
<p class="who">Forgotten? The operator of the cloud can give you a link (<code>biplane people password-link</code>).</p>`;
  return pageAnswer({ title: "Sign in", body, status, cookies: proof.cookies });
}

export const AUTOFOCUS = html` autofocus`;

export function hidden(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}">`;
}

/** The page to go to after signing in; never one of another site. */
function nextOf(asked: string | undefined): string {
  if (asked === undefined || !asked.startsWith("/") || asked.length > 1_024) return NEXT_DEFAULT;
  const here = "http://here.invalid";
  if (!URL.canParse(asked, here)) return NEXT_DEFAULT;
  const { origin, pathname, search } = new URL(asked, here);
  return origin === here && NEXT_PATHS.has(pathname) ? pathname + search : NEXT_DEFAULT;
}

/** Where to sign in and come back from. */
export function loginLocation(next: string): string {
  return `/login?next=${encodeURIComponent(next)}`;
}

/** Opens a browser's session. It lets devices in and accepts invitations; it has no scopes, since it calls nothing. */
export async function signInCookie(
  request: HttpRequest,
  personId: string,
  environment: PageEnvironment,
): Promise<string> {
  const session = await openSession(request, environment, {
    subject: { type: "person", personId },
    clientName: browserName(request.headers.get("user-agent")),
    scopes: [],
    withRefreshToken: false,
  });
  return environment.cookies.signIn(request, session, environment.clock.now());
}

/** For the list of sessions. */
function browserName(userAgent: string | undefined): string {
  const name = /\b(Firefox|Edg|OPR|Chrome|Safari)\//.exec(userAgent ?? "")?.[1];
  const shown = name === "Edg" ? "Edge" : name === "OPR" ? "Opera" : name;
  return shown === undefined ? "Web browser" : `Web browser (${shown})`;
}
