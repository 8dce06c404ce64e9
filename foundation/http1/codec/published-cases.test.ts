/** All published cases of llhttp: read as there in strict mode, event by event, or named here with the reason for which they are not. */

import { describe, expect } from "bun:test";
import { join } from "node:path";
import { vectorsDirectory, vectorTest } from "../../../tests/support/skips.ts";
import { type PublishedCase, type PublishedMessage, publishedCases } from "../testing/published.ts";
import {
  cutEvery,
  octets,
  type RequestSeen,
  type ResponseSeen,
  readRequests,
  readResponses,
} from "../testing/transcripts.ts";
import type { FaultCode } from "./faults.ts";

const OTHER_PROTOCOL = "RTSP and ICE are not HTTP";
const ANY_METHOD = "a method that nobody knows is a token like others: whoever answers knows (RFC 9110 §9.1)";
const STRAY_LINE = "an empty line before a response belongs to no message (RFC 9112 §2.2 speaks of requests)";
const SKIPPED = "the case skips the body by a switch of the parser";
const OTHER_CODING = "a coding that nobody here decodes is refused";
const OPEN_RESPONSE =
  "RFC 9112 §6.3 would read such a response to the end of the connection; two readers would not agree about it";

/** Strict cases that are read or refused in another way: what becomes of them here, and why. */
const differences: Readonly<Record<string, readonly [outcome: string, reason: string]>> = {
  "request/sample: No HTTP version": ["bad-version", "HTTP/0.9 is refused"],
  "request/content-length: Content-Length reset when no body is received": ["open", SKIPPED],
  "request/method: CONNECT with body": [
    "unexpected-body",
    "content of CONNECT has no meaning, and nobody agrees where it ends (RFC 9110 §9.3.6)",
  ],
  "request/method: M-SEARCH request": ["bad-target", "`*` is for OPTIONS alone (RFC 9112 §3.2.4)"],
  "request/method: SOURCE request with ICE": ["bad-version", OTHER_PROTOCOL],
  "request/method: OPTIONS request with RTSP": ["bad-version", OTHER_PROTOCOL],
  "request/method: ANNOUNCE request with RTSP": ["bad-version", OTHER_PROTOCOL],
  "request/method: PRI request HTTP2": ["bad-target", "HTTP/2 is not spoken here"],
  "request/invalid: HTTP protocol and ANNOUNCE method": ["closed", ANY_METHOD],
  "request/invalid: Invalid method": ["open", ANY_METHOD],
  "request/transfer-encoding: POST with `chunked` as last transfer-encoding": [
    "unsupported-transfer-coding",
    OTHER_CODING,
  ],
  "request/transfer-encoding: POST with `chunked` as last transfer-encoding (multiple headers)": [
    "bad-transfer-coding",
    OTHER_CODING,
  ],
  "request/uri: `host:port` and basic auth": [
    "bad-target",
    "an authority holds no user and password (RFC 9110 §4.2.4)",
  ],
  "response/sample: RTSP response": ["bad-version", OTHER_PROTOCOL],
  "response/sample: ICE response": ["bad-version", OTHER_PROTOCOL],
  "response/sample: HTTP version 0.9": ["unsupported-version", "HTTP/0.9 has no versions"],
  "response/sample: Response starting with CRLF": ["bad-version", STRAY_LINE],
  "response/content-length: Content-Length reset when no body is received": ["open", SKIPPED],
  "response/transfer-encoding: `chunked` before other transfer-encoding": ["bad-transfer-coding", OPEN_RESPONSE],
  "response/transfer-encoding: multiple transfer-encoding where chunked is not the last one": [
    "bad-transfer-coding",
    OPEN_RESPONSE,
  ],
  "response/transfer-encoding: `chunkedchunked` transfer-encoding does not enable chunked enconding": [
    "bad-transfer-coding",
    OPEN_RESPONSE,
  ],
  "response/connection: HTTP 304 with Content-Length": ["bad-version", STRAY_LINE],
  "response/connection: HTTP 100 first, then 400": ["bad-version", STRAY_LINE],
  "response/pipelining: Should parse multiple events": ["bad-version", STRAY_LINE],
};

/** Strict cases whose target has a fragment, which RFC 9112 §3.2 does not know: looked at with `anyTarget`, refused without. */
const fragments: ReadonlySet<string> = new Set([
  "request/transfer-encoding: POST with `Transfer-Encoding` and `Content-Length`",
  "request/transfer-encoding: POST with `chunked` before other transfer coding names",
  "request/transfer-encoding: POST with `chunked` and duplicate transfer-encoding",
  "request/transfer-encoding: POST with `chunked` as last transfer-encoding",
  "request/transfer-encoding: POST with `chunked` as last transfer-encoding (multiple headers)",
  "request/transfer-encoding: POST with `chunkedchunked` as transfer-encoding",
  "request/uri: Fragment in URI",
]);

/** Cases that need one of llhttp's lenient switches: there is none here, so each is refused, and with this code. `closed`: what follows the last request is dropped. */
const lenient: Readonly<Record<string, FaultCode | "closed">> = {
  "request/sample: Line folding in header value with CRLF": "folded-line",
  "request/sample: No LF after CR (lenient)": "bad-line-end",
  "request/sample: X-SSL-Nonsense": "folded-line",
  "request/content-length: Invalid whitespace token with `Content-Length` header field (lenient)": "space-before-colon",
  "request/content-length: No error on simultaneous `Content-Length` and `Transfer-Encoding: identity` (lenient)":
    "length-and-coding",
  "request/content-length: Missing CRLF-CRLF before body (lenient)": "bad-line-end",
  "request/transfer-encoding: POST with `Transfer-Encoding` and `Content-Length` (lenient)": "length-and-coding",
  "request/transfer-encoding: POST with `chunked` before other transfer-coding (lenient)": "bad-transfer-coding",
  "request/transfer-encoding: POST with `chunked` and duplicate transfer-encoding (lenient)": "bad-transfer-coding",
  "request/transfer-encoding: Invalid OBS fold after chunked value": "folded-line",
  "request/transfer-encoding: Chunk header not terminated by CRLF (lenient)": "bad-line-end",
  "request/transfer-encoding: Chunk data not terminated by CRLF (lenient)": "bad-chunk-end",
  "request/transfer-encoding: Space after chunk header (lenient)": "bad-chunk-size",
  "request/lenient-header-value-relaxed: Control char in header value (relaxed)": "bad-field-value",
  "request/lenient-header-value-relaxed: LF in header value should be rejected even with relaxed flag": "bad-line-end",
  "request/lenient-header-value-relaxed: CR without LF in header value should be rejected even with relaxed flag":
    "bad-line-end",
  "request/lenient-header-value-relaxed: Space after start line must still fail": "folded-line",
  "request/lenient-headers: Header value (lenient)": "bad-field-value",
  "request/lenient-headers: Second request header value (lenient)": "bad-field-value",
  "request/lenient-headers: Empty headers separated by CR (lenient)": "bad-line-end",
  "request/invalid: Headers separated by dummy characters (lenient)": "bad-line-end",
  "request/invalid: Only LFs present (lenient)": "bad-line-end",
  "request/invalid: Spaces before headers (lenient)": "folded-line",
  "request/connection: Resetting flags when keep-alive is off (1.0, lenient)": "closed",
  "request/connection: CRLF between requests, explicit `close` (lenient)": "closed",
  "request/connection: Multiple tokens with folding": "folded-line",
  "request/connection: Multiple tokens with folding, LWS, and CRLF": "folded-line",
  "request/connection: Invalid whitespace token with `Connection` header field (lenient)": "space-before-colon",
  "request/lenient-version: Invalid HTTP version (lenient)": "unsupported-version",
  "response/sample: No carriage ret (lenient)": "bad-line-end",
  "response/transfer-encoding: Invalid OBS fold after chunked value": "folded-line",
  "response/invalid: Bare CR after response line (lenient)": "bad-line-end",
  "response/invalid: Only LFs present and no body (lenient)": "bad-line-end",
  "response/invalid: Only LFs present (lenient)": "bad-line-end",
  "response/connection: HTTP/1.1 with keep-alive disabled, content-length (lenient)": "unsolicited",
  "response/connection: HTTP/1.1 with keep-alive disabled and 204 status (lenient)": "unsolicited",
  "response/lenient-version: Invalid HTTP version (lenient)": "unsupported-version",
};

function outcomeOf(one: PublishedCase, anyTarget = false, size = Number.POSITIVE_INFINITY) {
  const input = octets(one.kind === "request" ? hosted(one.input) : one.input);
  const read = (bytes: Buffer) => {
    const pieces = size < bytes.length ? cutEvery(bytes, size) : [bytes];
    return one.kind === "request"
      ? readRequests(pieces, { anyTarget }, one.finishes)
      : readResponses(pieces, ["GET"], one.finishes);
  };
  const transcript = read(input);
  // What llhttp refuses in the middle of a head is refused here at its end, which some cases leave out.
  return transcript.outcome === "open" && one.outcome === "refused"
    ? read(Buffer.concat([input, octets("\r\n\r\n")]))
    : transcript;
}

/** Hosts, which llhttp does not ask for. */
function hosted(input: string): string {
  return input.replace(/^(\S+ \S+ HTTP\/1\.1\r\n)((?:(?!\r\n\r\n)[\s\S])*)/gm, (all, line: string, rest: string) =>
    /^host:/im.test(rest) ? all : `${line}Host: h\r\n${rest}`,
  );
}

function theirMessages({ kind, messages, outcome }: PublishedCase): readonly string[] {
  const whole = messages.filter(({ headComplete, complete }) => (outcome === "refused" ? complete : headComplete));
  return whole.map((message) =>
    JSON.stringify([
      kind === "request" ? [message.method, message.target] : [message.status, message.reason],
      message.version,
      // Blanks around a value are not of it (RFC 9112 §5.1).
      fieldsOf(message).map((text, i) => (i % 2 === 0 ? text : text.replace(/[ \t]+$/, ""))),
      message.body,
      message.trailers,
      message.complete,
    ]),
  );
}

const fieldsOf = ({ fields }: PublishedMessage): readonly string[] => fields;

function ourMessages(one: PublishedCase, messages: readonly (RequestSeen | ResponseSeen)[]): readonly string[] {
  const isLast = (i: number): boolean => i === messages.length - 1;
  const whole = messages.filter(({ complete }) => one.outcome !== "refused" || complete);
  return whole.map((message, i) => {
    const added = "method" in message && !/^host:/im.test(one.input) ? 2 : 0;
    return JSON.stringify([
      "method" in message ? [message.method, message.target] : [message.status, message.reason],
      message.version,
      message.version === "1.1" ? message.fields.slice(added) : message.fields,
      message.body,
      message.trailers,
      // There a message that leaves HTTP is complete with its head.
      message.complete || (one.outcome === "left-http" && isLast(i)),
    ]);
  });
}

const isRefused = (outcome: string): boolean => outcome !== "open" && outcome !== "left-http";

/** What differs from what llhttp says; undefined when nothing does. */
function difference(one: PublishedCase, anyTarget: boolean): string | undefined {
  const { messages, outcome } = outcomeOf(one, anyTarget);
  if ((isRefused(outcome) ? "refused" : outcome) !== one.outcome)
    return `${outcome}, there ${one.outcome} ${one.reason}`;
  const ours = ourMessages(one, messages);
  const theirs = theirMessages(one);
  return JSON.stringify(ours) === JSON.stringify(theirs) ? undefined : `${ours.join(" ")}, there ${theirs.join(" ")}`;
}

describe("llhttp's cases", () => {
  const cases = vectorsDirectory === undefined ? [] : publishedCases(join(vectorsDirectory, "http1"));

  vectorTest("are 251, each with a name of its own", () => {
    expect(cases.length).toBe(251);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(251);
  });

  vectorTest("are read in strict mode as there, or differ as the table says", () => {
    const strict = cases.filter((one) => one.lenient === undefined);
    const unexpected: string[] = [];
    const seen = new Set<string>();
    for (const one of strict) {
      const anyTarget = fragments.has(one.name);
      const how = difference(one, anyTarget);
      if (one.name in differences) {
        seen.add(one.name);
        expect([one.name, outcomeOf(one, anyTarget).outcome]).toEqual([one.name, differences[one.name]![0]]);
        expect([one.name, how === undefined]).toEqual([one.name, false]);
      } else if (how !== undefined) unexpected.push(`${one.name}: ${how}`);
    }
    expect(unexpected).toEqual([]);
    expect([...seen].sort()).toEqual(Object.keys(differences).sort());
  });

  vectorTest("with a fragment in their target are refused unless the reader takes any target", () => {
    for (const one of cases.filter(({ name }) => fragments.has(name))) {
      expect([one.name, outcomeOf(one).outcome]).toEqual([one.name, "bad-target"]);
    }
  });

  vectorTest("that llhttp takes by a lenient switch are refused, each for its own reason", () => {
    const outcomes = Object.fromEntries(
      cases.filter((one) => one.lenient !== undefined).map((one) => [one.name, outcomeOf(one, true).outcome]),
    );
    expect(outcomes).toEqual(lenient);
  });

  vectorTest("are the same however their octets are cut", () => {
    for (const one of cases) {
      const whole = outcomeOf(one, true);
      for (const size of [1, 2, 3, 7]) expect([one.name, outcomeOf(one, true, size)]).toEqual([one.name, whole]);
    }
  });
});
