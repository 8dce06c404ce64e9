/** The published cases of llhttp's response parser, in strict mode: what it refuses is refused here, and what it reads is read here, as many responses. */

import { describe, expect } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { vectorsDirectory, vectorTest } from "../../../tests/support/skips.ts";
import { readerFixture } from "../testing/reader-fixture.ts";

interface PublishedCase {
  readonly name: string;
  readonly input: string;
  readonly refused: boolean;
  readonly responses: number;
}

const OTHER_PROTOCOL = "RTSP and ICE are not HTTP";
const OTHER_CODING = "no transfer coding but a single chunked is taken";
const STRAY_LINES = "an empty line between responses belongs to neither";

/** Where we differ, and why. */
const differences: Readonly<Record<string, string>> = {
  "RTSP response": OTHER_PROTOCOL,
  "ICE response": OTHER_PROTOCOL,
  "HTTP version 0.9": "HTTP/0.9 is refused",
  "Response starting with CRLF": STRAY_LINES,
  "HTTP 304 with Content-Length": STRAY_LINES,
  "HTTP 100 first, then 400": STRAY_LINES,
  "Should parse multiple events": STRAY_LINES,
  "Content-Length reset when no body is received": "the case skips the body by a switch of the parser",
  "`chunked` before other transfer-encoding": OTHER_CODING,
  "multiple transfer-encoding where chunked is not the last one": OTHER_CODING,
  "`chunkedchunked` transfer-encoding does not enable chunked enconding": OTHER_CODING,
};

function published(): readonly PublishedCase[] {
  if (vectorsDirectory === undefined) return [];
  const directory = join(vectorsDirectory, "http1/response");
  return readdirSync(directory).flatMap((file) => casesOf(readFileSync(join(directory, file), "utf8")));
}

function casesOf(text: string): readonly PublishedCase[] {
  const pattern = /#+ ([^\n]*)\n(?:(?!\n#+ ).)*?<!-- meta=(\{.*?\}) -->\n```http\n(.*?)```\n.*?```log\n(.*?)```/gs;
  return [...text.matchAll(pattern)]
    .filter(([, , meta]) => /"type":\s*"response"/.test(meta!))
    .map(([, name, , http, log]) => ({
      name: name!,
      input: inputOf(http!),
      refused: /error code=\d+ reason="(?!Pause on CONNECT\/Upgrade)/.test(log!),
      responses: log!.match(/headers complete/g)?.length ?? 0,
    }));
}

/** Line ends of the document are CRLF; escapes stand for bytes. */
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
  return input.includes("\r\n\r\n") ? input : `${input}\r\n\r\n`;
}

describe("llhttp's cases", () => {
  vectorTest("are read or refused as there", () => {
    const cases = published();
    expect(cases.length).toBeGreaterThan(50);
    const unexpected: string[] = [];
    const seen = new Set<string>();
    for (const { name, input, refused, responses } of cases) {
      const fixture = readerFixture(new Array(16).fill("GET"));
      fixture.send(input);
      const isRefused = fixture.fault !== undefined;
      const read = fixture.responses.length + fixture.informational.length;
      if (isRefused === refused && (refused || read === responses)) continue;
      if (name in differences) seen.add(name);
      else unexpected.push(`${name}: ${isRefused ? fixture.fault : `${read} responses, there ${responses}`}`);
    }
    expect(unexpected).toEqual([]);
    expect([...seen].sort()).toEqual(Object.keys(differences).sort());
  });
});
