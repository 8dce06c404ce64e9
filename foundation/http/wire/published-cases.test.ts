/** The published cases of llhttp's request parser, in strict mode: what it refuses is refused here, and what it reads is read here, as many requests. */

import { describe, expect } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { vectorsDirectory, vectorTest } from "../../../tests/support/skips.ts";
import { readerFixture } from "./testing.ts";

interface PublishedCase {
  readonly name: string;
  readonly input: string;
  readonly refused: boolean;
  /** Whole requests. */
  readonly requests: number;
}

const UNKNOWN_METHOD = "methods that nobody knows are for the handler to refuse";
const OTHER_PROTOCOL = "RTSP and ICE are not HTTP";
const NO_PROXY = "CONNECT asks for a proxy, which this is not";
const OTHER_CODING = "no transfer coding but a single chunked is taken";

/** Where we differ, and why. */
const differences: Readonly<Record<string, string>> = {
  "No HTTP version": "HTTP/0.9 is refused",
  "SOURCE request with ICE": OTHER_PROTOCOL,
  "OPTIONS request with RTSP": OTHER_PROTOCOL,
  "ANNOUNCE request with RTSP": OTHER_PROTOCOL,
  "HTTP protocol and ANNOUNCE method": UNKNOWN_METHOD,
  "Invalid method": UNKNOWN_METHOD,
  "POST with `chunked` as last transfer-encoding": OTHER_CODING,
  "POST with `chunked` as last transfer-encoding (multiple headers)": OTHER_CODING,
  "Content-Length reset when no body is received": "the case skips the body by a switch of the parser",
  "No restart when keep-alive is off (1.0)": "what follows the last request is dropped, not an error",
  "CONNECT request": NO_PROXY,
  "CONNECT request with CAPS": NO_PROXY,
  "CONNECT with body": NO_PROXY,
  "Underscore in hostname": NO_PROXY,
  "M-SEARCH request": "SSDP is not HTTP: only OPTIONS is about the server as a whole",
  "`host:port` and basic auth": "a user before the host is refused (RFC 9110 §4.2.4)",
  "Disallow UTF-8 in URI path in strict mode": "clients of S3 send keys so",
};

function published(): readonly PublishedCase[] {
  if (vectorsDirectory === undefined) return [];
  const directory = join(vectorsDirectory, "http1/request");
  return readdirSync(directory).flatMap((file) => casesOf(readFileSync(join(directory, file), "utf8")));
}

function casesOf(text: string): readonly PublishedCase[] {
  const pattern = /#+ ([^\n]*)\n(?:(?!\n#+ ).)*?<!-- meta=(\{.*?\}) -->\n```http\n(.*?)```\n+```log\n(.*?)```/gs;
  return [...text.matchAll(pattern)]
    .filter(([, , meta]) => /"type":\s*"request"/.test(meta!))
    .map(([, name, , http, log]) => ({
      name: name!,
      input: inputOf(http!),
      // An upgrade is told as an error that pauses the parser.
      refused: /error code=\d+ reason="(?!Pause on CONNECT\/Upgrade)/.test(log!),
      requests: log!.match(/message complete/g)?.length ?? 0,
    }));
}

/** Line ends of the document are CRLF; escapes stand for bytes. Hosts, which llhttp does not ask for, are added; and an end to heads that have none. */
function inputOf(http: string): string {
  const input = http
    .replace(/\n$/, "")
    .replace(/\\\n/g, "")
    .replace(/\n/g, "\r\n")
    .replace(/\\r/g, "\r")
    .replace(/\\n/g, "\n")
    .replace(/\\t/g, "\t")
    .replace(/\\f/g, "\f")
    .replace(/\\x([0-9a-fA-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const hosted = /^host:/im.test(input) ? input : input.replace(/^(\S+ \S+ HTTP\/1\.1)\r\n/gm, "$1\r\nHost: h\r\n");
  return hosted.includes("\r\n\r\n") ? hosted : `${hosted}\r\n\r\n`;
}

describe("llhttp's cases", () => {
  vectorTest("are read or refused as there", () => {
    const cases = published();
    expect(cases.length).toBeGreaterThan(100);
    const unexpected: string[] = [];
    const seen = new Set<string>();
    for (const { name, input, refused, requests } of cases) {
      if (name in differences) {
        seen.add(name);
        continue;
      }
      const fixture = readerFixture({ maxHeaderBytes: 64 * 1024 });
      fixture.send(input);
      const isRefused =
        fixture.faults.length > 0 || fixture.requests.some(({ framing }) => framing.refusal !== undefined);
      const whole = fixture.requests.filter(({ ended }) => ended).length + fixture.upgrades.length;
      if (isRefused !== refused || (!refused && whole !== requests)) {
        unexpected.push(`${name}: ${isRefused ? "refused" : `${whole} requests`}`);
      }
    }
    expect(unexpected).toEqual([]);
    expect([...seen].sort()).toEqual(Object.keys(differences).sort());
  });
});
