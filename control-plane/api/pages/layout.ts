/** What all pages look like: plain HTML and one style sheet; no script, no picture, nothing from elsewhere. */
import { createHash } from "node:crypto";
import type { HttpResponse } from "#foundation/http";
import { type Html, html } from "./html.ts";

const STYLE = `
:root { color-scheme: light dark; --text: #1b1f24; --quiet: #57606a; --line: #c9d1d9; --ground: #f6f8fa; --sheet: #fff; --accent: #0b5cad; --accent-text: #fff; --bad: #b42318; --good: #1a7f37; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --quiet: #9da7b1; --line: #3d444d; --ground: #0d1117; --sheet: #161b22; --accent: #6cb0f5; --accent-text: #0d1117; --bad: #ff8a80; --good: #56d364; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main { width: calc(100% - 2rem); max-width: 30rem; margin: 8vh auto 2rem; padding: 2rem; background: var(--sheet); border: 1px solid var(--line); border-radius: .75rem; }
.brand { margin: 0 0 1.5rem; color: var(--quiet); font-weight: 600; letter-spacing: .02em; }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; }
label { display: block; margin: 1rem 0 .25rem; font-weight: 600; }
input { width: 100%; padding: .6rem .75rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--ground); color: inherit; font: inherit; }
input.code { font-size: 1.5rem; letter-spacing: .15em; text-transform: uppercase; text-align: center; }
input:focus-visible, button:focus-visible, a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
button { padding: .6rem 1.25rem; border: 1px solid var(--accent); border-radius: .4rem; background: var(--accent); color: var(--accent-text); font: inherit; font-weight: 600; cursor: pointer; }
button.second { background: transparent; color: var(--text); border-color: var(--line); }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem; }
.hint { margin: .25rem 0 0; color: var(--quiet); font-size: .875rem; }
.who { margin: 1.5rem 0 0; color: var(--quiet); font-size: .875rem; }
.problem { margin: 0 0 1rem; padding: .75rem 1rem; border-left: 4px solid var(--bad); background: var(--ground); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .4rem 1.25rem; margin: 1rem 0; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
ul.scopes { display: flex; flex-wrap: wrap; gap: .3rem; margin: 0; padding: 0; list-style: none; }
ul.scopes li { padding: 0 .5rem; border: 1px solid var(--line); border-radius: 1rem; font-size: .8rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
.big { font-size: 1.5rem; letter-spacing: .15em; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: .75rem 1rem; background: var(--ground); border: 1px solid var(--line); border-radius: .4rem; }
a { color: var(--accent); }
main.wide { max-width: 72rem; margin-top: 2rem; }
h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th, td { padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--quiet); font-weight: 600; }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; }
td button { padding: .15rem .6rem; font-size: .85rem; font-weight: 400; }
select { width: 100%; max-width: 36rem; padding: .6rem .75rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--ground); color: inherit; font: inherit; }
select:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.state { padding: 0 .5rem; border: 1px solid var(--line); border-radius: 1rem; font-size: .8rem; white-space: nowrap; }
.state.online { border-color: var(--good); color: var(--good); }
.state.drift, .state.offline { border-color: var(--bad); color: var(--bad); }
`;

const STYLE_HASH = createHash("sha256").update(STYLE, "utf8").digest("base64");

/** Content Security Policy Level 3: the style sheet below by its hash, forms to ourselves, and nothing else. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${STYLE_HASH}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

export interface PageOptions {
  readonly title: string;
  readonly body: Html;
  readonly status?: number;
  /** `Set-Cookie` values. */
  readonly cookies?: readonly string[];
  /** For tables. Default false. */
  readonly isWide?: boolean;
  /** After which the browser loads the page again. Default: it does not. */
  readonly refreshSeconds?: number;
}

export function pageAnswer(options: PageOptions): HttpResponse {
  const { title, body, status = 200, cookies = [], isWide = false, refreshSeconds } = options;
  const { markup } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${refreshSeconds === undefined ? undefined : html`<meta http-equiv="refresh" content="${refreshSeconds}">\n`}<title>${title} – Biplane</title>
<style>${{ markup: STYLE }}</style>
</head>
<body>
<main${isWide ? { markup: ' class="wide"' } : undefined}>
<p class="brand">Biplane</p>
${body}
</main>
</body>
</html>
`;
  return {
    status,
    headers: [
      ["content-type", "text/html; charset=utf-8"],
      ["content-security-policy", POLICY],
      ["x-frame-options", "DENY"],
      ["cache-control", "no-store"],
      ...cookies.map((cookie) => ["set-cookie", cookie] as const),
    ],
    body: markup,
  };
}

/** After a form was taken: the browser goes on by GET (RFC 9110 §15.4.4). */
export function seeOther(location: string, cookies: readonly string[] = []): HttpResponse {
  return {
    status: 303,
    headers: [
      ["location", location],
      ["cache-control", "no-store"],
      ...cookies.map((cookie) => ["set-cookie", cookie] as const),
    ],
    body: null,
  };
}

/** What went wrong, where a screen reader tells it at once. */
export function problemNote(problem: string | undefined): Html | undefined {
  return problem === undefined ? undefined : html`<p class="problem" role="alert">${problem}</p>`;
}
