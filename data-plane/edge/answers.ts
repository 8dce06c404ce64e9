/** What the edge itself answers: problem documents (RFC 9457), or a page for browsers. Never what is behind it. */
import { EDGE_ANSWER_FIELD, type EdgeRoute } from "#contracts";
import type { HttpRequest, HttpResponse } from "#foundation/http";
import { type ProxyFailure, statusOf } from "#foundation/proxy";

interface Said {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly retryAfterSeconds?: number;
}

const NO_SUCH_HOST: Said = {
  status: 404,
  code: "NO_SUCH_HOST",
  title: "Nothing is here under this name.",
  detail: "No application has this host name and path. Check the address.",
};

const UNAVAILABLE: Readonly<Record<NonNullable<EdgeRoute["unavailable"]>, Said>> = {
  scaled_to_zero: {
    status: 503,
    code: "SCALED_TO_ZERO",
    title: "This application is switched off.",
    detail: "It runs no instances. Its owner starts it by scaling it up.",
  },
  not_deployed: {
    status: 503,
    code: "NOT_DEPLOYED",
    title: "Nothing is deployed here yet.",
    detail: "The name is taken, and nothing has been deployed behind it.",
  },
  starting: {
    status: 503,
    code: "STARTING",
    title: "This application is being started.",
    detail: "None of its instances is ready yet. Try again in a moment.",
    retryAfterSeconds: 2,
  },
  unhealthy: {
    status: 503,
    code: "UNHEALTHY",
    title: "This application does not work now.",
    detail: "None of its instances is ready.",
    retryAfterSeconds: 10,
  },
};

export const noSuchHost = (request: HttpRequest): HttpResponse => answer(NO_SUCH_HOST, request);

export const unavailable = (why: EdgeRoute["unavailable"], request: HttpRequest): HttpResponse =>
  answer(UNAVAILABLE[why ?? "unhealthy"], request);

export function failureAnswer(failure: ProxyFailure, request: HttpRequest): HttpResponse {
  const status = statusOf(failure);
  if (status === 504) {
    return answer(
      {
        status,
        code: "NO_ANSWER_IN_TIME",
        title: "The application did not answer in time.",
        detail: "The request was passed on, and no answer came. It may have been carried out.",
      },
      request,
    );
  }
  if (status === 503) return unavailable("unhealthy", request);
  return answer(
    {
      status,
      code: "BAD_ANSWER",
      title: "The application did not answer properly.",
      detail: "The connection to it failed, or what it answered is no proper HTTP.",
    },
    request,
  );
}

function answer({ status, code, title, detail, retryAfterSeconds }: Said, request: HttpRequest): HttpResponse {
  const headers: [string, string][] = [
    ["cache-control", "no-store"],
    [EDGE_ANSWER_FIELD, code],
  ];
  if (retryAfterSeconds !== undefined) headers.push(["retry-after", String(retryAfterSeconds)]);
  if (prefersPage(request.headers.get("accept"))) {
    headers.push(["content-type", "text/html; charset=utf-8"]);
    return { status, headers, body: pageOf(status, title, detail) };
  }
  headers.push(["content-type", "application/problem+json"]);
  const problem = {
    type: `urn:biplane:problem:${code}`,
    title,
    status,
    detail,
    code,
    request_id: request.id,
    retryable: retryAfterSeconds !== undefined,
  };
  return { status, headers, body: `${JSON.stringify(problem)}\n` };
}

/** Browsers name HTML first; programs that take anything get the problem document. */
function prefersPage(accept: string | undefined): boolean {
  return accept !== undefined && /^\s*text\/html/i.test(accept);
}

/** The texts are ours alone: nothing of the request is in them. */
function pageOf(status: number, title: string, detail: string): string {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${status} ${title}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:34rem;padding:0 1.5rem;color:#1c2430;background:#fbfbfa}
h1{font-size:1.4rem;margin:0 0 .5rem}p{margin:0;color:#55606e}small{display:block;margin-top:2rem;color:#8a94a0}
@media(prefers-color-scheme:dark){body{background:#15181c;color:#e8eaed}p{color:#a7b0ba}}</style>
<h1>${title}</h1><p>${detail}</p><small>${status} &middot; Biplane</small></html>
`;
}
