/** The published cases of llhttp, read from their Markdown. For tests. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What llhttp says it saw of one message. */
export interface PublishedMessage {
  method: string;
  target: string;
  version: string;
  status: number;
  reason: string;
  fields: string[];
  body: string;
  trailers: string[];
  headComplete: boolean;
  complete: boolean;
}

export interface PublishedCase {
  /** `file: heading`, with a number when the heading stands there more than once. */
  readonly name: string;
  readonly kind: "request" | "response";
  /** The switch that lets llhttp take what is malformed; undefined in strict mode. */
  readonly lenient: string | undefined;
  /** Whether the case tells the parser that no more octets come. */
  readonly finishes: boolean;
  readonly skipsBody: boolean;
  readonly input: string;
  readonly messages: readonly PublishedMessage[];
  /** `refused` with llhttp's reason, `left-http`, or `open`. */
  readonly outcome: "open" | "left-http" | "refused";
  readonly reason: string;
}

export function publishedCases(directory: string): readonly PublishedCase[] {
  return (["request", "response"] as const).flatMap((kind) =>
    readdirSync(join(directory, kind)).flatMap((file) =>
      casesOf(kind, file.replace(/\.md$/, ""), readFileSync(join(directory, kind, file), "latin1")),
    ),
  );
}

function casesOf(kind: "request" | "response", file: string, text: string): readonly PublishedCase[] {
  const pattern = /^#+ ([^\n]*)$|<!-- meta=(\{.*?\}) -->|^```http\n(.*?)^```$|^```log\n(.*?)^```$/gms;
  const cases: PublishedCase[] = [];
  const counts = new Map<string, number>();
  let heading = "";
  let meta: { readonly type?: string; readonly skipBody?: boolean } = {};
  let input = "";
  for (const [, title, json, http, log] of text.matchAll(pattern)) {
    if (title !== undefined) heading = title;
    else if (json !== undefined) meta = JSON.parse(json);
    else if (http !== undefined) input = inputOf(http);
    else if (log !== undefined) {
      const plain = `${kind}/${file}: ${heading}`;
      const count = (counts.get(plain) ?? 0) + 1;
      counts.set(plain, count);
      const type = meta.type ?? kind;
      cases.push({
        name: count === 1 ? plain : `${plain} (${count})`,
        kind,
        lenient: /lenient-(.*)$/.exec(type)?.[1],
        finishes: type.endsWith("-finish"),
        skipsBody: meta.skipBody === true,
        input,
        ...told(log),
      });
    }
  }
  return cases;
}

/** Line ends of the document are CRLF; escapes stand for octets. */
function inputOf(http: string): string {
  return http
    .replace(/\n$/, "")
    .replace(/\\\n/g, "")
    .replace(/\n/g, "\r\n")
    .replace(/\\r/g, "\r")
    .replace(/\\n/g, "\n")
    .replace(/\\t/g, "\t")
    .replace(/\\f/g, "\f")
    .replace(/\\x([0-9a-fA-F]{2})/g, (_all, hex: string) => utf8(String.fromCharCode(Number.parseInt(hex, 16))));
}

/** Octets of UTF-8, one character for each. */
function utf8(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

function told(log: string): Pick<PublishedCase, "messages" | "outcome" | "reason"> {
  const messages: PublishedMessage[] = [];
  let outcome: PublishedCase["outcome"] = "open";
  let reason = "";
  let fresh = true;
  for (const line of log.split("\n")) {
    const message = messages.at(-1);
    const span = /span\[(\w+)\]=(".*"|cr|lf)$/.exec(line);
    if (line.endsWith("message begin")) {
      messages.push({
        ...{ method: "", target: "", version: "", status: 0, reason: "", body: "" },
        ...{ fields: [], trailers: [], headComplete: false, complete: false },
      });
    } else if (span !== null) {
      const [, name, quoted] = span;
      const value = spanText(quoted!);
      const list = message!.headComplete ? message!.trailers : message!.fields;
      if (name === "method") message!.method += value;
      else if (name === "url") message!.target += value;
      else if (name === "version") message!.version += value;
      else if (name === "status") message!.reason += value;
      else if (name === "body") message!.body += value;
      else if (name === "header_field" && fresh) list.push(value);
      else if (name === "header_field") list.push(list.pop()! + value);
      else if (name === "header_value") {
        if (list.length % 2 === 1) list.push(value);
        else list.push(list.pop()! + value);
      }
      if (name === "header_field") fresh = false;
      else if (name === "header_value") fresh = true;
    } else if (line.includes("header_field complete")) {
      fresh = true;
    } else if (line.includes("header_value complete")) {
      const list = message!.headComplete ? message!.trailers : message!.fields;
      // A value of no octets has no span.
      if (list.length % 2 === 1) list.push("");
    } else if (line.includes("headers complete")) {
      message!.headComplete = true;
      message!.status = Number(/status=(\d+)/.exec(line)?.[1] ?? 0);
    } else if (/message complete$|finish=1/.test(line)) message!.complete = true;
    else if (/error code=|finish=2/.test(line)) {
      reason = /reason="(.*)"/.exec(line)?.[1] ?? "incomplete";
      outcome = reason.startsWith("Pause on") ? "left-http" : "refused";
    }
  }
  return { messages, outcome, reason };
}

function spanText(quoted: string): string {
  if (quoted === "cr") return "\r";
  if (quoted === "lf") return "\n";
  return quoted.slice(1, -1).replace(/\\t/g, "\t").replace(/\\f/g, "\f");
}
