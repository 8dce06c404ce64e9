/** What a page is, and how it is served. */

import { AuditError } from "#foundation/audit";
import { type HttpRequest, type HttpResponse, ProblemError } from "#foundation/http";
import { formEvent } from "../audit.ts";
import { auditProblem } from "../audit-routes.ts";
import type { ApiEnvironment } from "../environment.ts";
import { guardForm } from "../request-guard.ts";
import type { PageCookies } from "./cookies.ts";
import { html } from "./html.ts";
import { pageAnswer } from "./layout.ts";

const FORM_BYTES_MAX = 16 * 1024;

export interface PageEnvironment extends ApiEnvironment {
  readonly cookies: PageCookies;
}

/** One request of a page. */
export interface PageCall {
  readonly request: HttpRequest;
  /** Of the query; the first of each name. */
  readonly query: Readonly<Record<string, string | undefined>>;
}

/** The request of a form, found to come from a page of ours in this very browser. */
export interface FormCall extends PageCall {
  readonly form: Readonly<Record<string, string | undefined>>;
}

type Handle<Call> = (call: Call, environment: PageEnvironment) => HttpResponse | Promise<HttpResponse>;

/** The page itself, and what becomes of its form. */
export interface Page {
  readonly path: string;
  readonly show: Handle<PageCall>;
  readonly take?: Handle<FormCall>;
}

/** Name of the hidden field that proves a form. */
export const PROOF_FIELD = "proof";

/** Serves a request of a page; problems are told as pages. @param names configured names of this server, lower case */
export async function servePage(
  page: Page,
  request: HttpRequest,
  environment: PageEnvironment,
  names: ReadonlySet<string>,
): Promise<HttpResponse> {
  try {
    guardForm(request, names);
    environment.admission.admitSource(request.remoteAddress);
    const call = { request, query: firstOfEach(new URLSearchParams(request.query)) };
    if (request.method !== "POST" || page.take === undefined) return await page.show(call, environment);
    const form = firstOfEach(new URLSearchParams(await request.body.text(FORM_BYTES_MAX)));
    if (!environment.cookies.proves(request, form[PROOF_FIELD])) throw stale();
    // Signing in is put on record by itself, with who it was.
    if (page.path !== "/login") {
      const signedIn = environment.cookies.signedIn(request, environment);
      await environment.audit.append(formEvent(page.path, signedIn?.person.personId, request));
    }
    return await page.take({ ...call, form }, environment);
  } catch (error) {
    const told = error instanceof AuditError ? auditProblem(error) : error;
    if (!(told instanceof ProblemError)) throw error;
    const { status, title, detail } = told.problem;
    const body = html`<h1>${title}</h1><p>${detail}</p>`;
    const answer = pageAnswer({ title, status, body });
    return { ...answer, headers: [...(answer.headers ?? []), ...told.headers] };
  }
}

function stale(): ProblemError {
  return new ProblemError({
    status: 403,
    code: "STALE_FORM",
    title: "This form is too old.",
    detail: "Go back, load the page again, and send it once more. Your browser must accept cookies from here.",
  });
}

function firstOfEach(parameters: URLSearchParams): Readonly<Record<string, string | undefined>> {
  const values = new Map<string, string>();
  for (const [name, value] of parameters) if (!values.has(name)) values.set(name, value);
  return Object.fromEntries(values);
}
