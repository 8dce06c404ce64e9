/** One request stays one request: what a proxy reads and writes anew is read by the next one as the same. */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { nearRequest, nearStream } from "../testing/near-messages.ts";
import { octets, type RequestSeen, readRequests } from "../testing/transcripts.ts";
import { MessageWriter } from "./message-writer.ts";
import { RequestReader } from "./request-reader.ts";

/** Each request of `bytes` as a proxy would pass it on, until the first octet that is refused. */
function passedOn(bytes: Buffer): Buffer[] {
  const sent: Buffer[] = [];
  const writer = new MessageWriter();
  let body = Buffer.alloc(0);
  const reader: RequestReader = new RequestReader({
    onHead(head) {
      body = Buffer.alloc(0);
      writer.reset().requestLine(head.method, head.target, head.host).received(head.fields);
      if (head.isChunked) writer.chunked();
      else if (head.contentLength !== undefined) writer.contentLength(head.contentLength);
      writer.endHead();
    },
    onBody(data) {
      body = Buffer.concat([body, data]);
    },
    onComplete(trailers) {
      if (reader.head.isChunked) writer.chunk(body).lastChunk(trailers.toRaw());
      else writer.body(body);
      sent.push(writer.copy());
    },
  });
  for (let at = 0; at < bytes.length && reader.fault === undefined && !reader.isTunnel && !reader.isClosed; ) {
    at = reader.push(bytes, at);
    if (reader.isDone) reader.next();
  }
  return sent;
}

const HOP = /^(host|content-length|transfer-encoding|connection|upgrade|keep-alive|proxy-.*|te)$/i;

/** What must be the same on both sides of a proxy. */
function meaning({ method, target, host, fields, body, trailers, complete }: RequestSeen) {
  const options = fields
    .filter((_value, i) => i % 2 === 1 && /^connection$/i.test(fields[i - 1]!))
    .flatMap((value) =>
      value
        .toLowerCase()
        .split(",")
        .map((option) => option.trim()),
    );
  const passed = fields.filter((_text, i) => {
    const name = fields[i - (i % 2)]!.toLowerCase();
    return !HOP.test(name) && !options.includes(name);
  });
  return { method, target, host, passed, body, trailers, complete };
}

function expectOneEach(bytes: Buffer): void {
  const read = readRequests([bytes]);
  const whole = read.messages.filter(({ complete }) => complete);
  const sent = passedOn(bytes);
  expect(sent.length >= whole.length).toBe(true);
  whole.forEach((message, i) => {
    const again = readRequests([sent[i]!, octets("GET /next HTTP/1.1\r\nHost: n\r\n\r\n")]);
    expect(again.outcome).toBe("open");
    expect(again.messages.length).toBe(2);
    expect(meaning(again.messages[0]!)).toEqual(meaning(message));
    expect(again.messages[1]!.target).toBe("/next");
  });
}

const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
const post = (fields: string, body: string): string => `POST / HTTP/1.1\r\nHost: h\r\n${fields}\r\n${body}`;

/** Requests that some reader, somewhere, has taken for two. None of them may bring `/smuggled` to the other side. */
const corpus: Readonly<Record<string, string>> = {
  "CL.TE": post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", `0\r\n\r\n${SMUGGLED}`),
  "TE.CL": post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", `8\r\nSMUGGLED\r\n0\r\n\r\n${SMUGGLED}`),
  "TE behind a space": post("Content-Length: 5\r\nTransfer-Encoding : chunked\r\n", `0\r\n\r\n${SMUGGLED}`),
  "TE in a folded line": post("X: y\r\n Transfer-Encoding: chunked\r\n", `0\r\n\r\n${SMUGGLED}`),
  "TE behind a bare LF": post("X: y\nTransfer-Encoding: chunked\r\n", `0\r\n\r\n${SMUGGLED}`),
  "TE behind a bare CR": post("X: y\rTransfer-Encoding: chunked\r\n", `0\r\n\r\n${SMUGGLED}`),
  "TE with a vertical tab": post("Content-Length: 5\r\nTransfer-Encoding: \x0bchunked\r\n", `0\r\n\r\n${SMUGGLED}`),
  "TE with NUL in its name": post("Transfer-Encoding\0: chunked\r\n", `0\r\n\r\n${SMUGGLED}`),
  "TE in quotes": post('Transfer-Encoding: "chunked"\r\n', `0\r\n\r\n${SMUGGLED}`),
  "TE twice": post("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", `0\r\n\r\n${SMUGGLED}`),
  "TE in a list": post("Transfer-Encoding: x, chunked\r\n", `0\r\n\r\n${SMUGGLED}`),
  "TE in HTTP/1.0": `POST / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  "CL twice": post("Content-Length: 0\r\nContent-Length: 44\r\n", SMUGGLED),
  "CL twice and equal": post("Content-Length: 0\r\nContent-Length: 0\r\n", SMUGGLED),
  "CL in a list": post("Content-Length: 0, 44\r\n", SMUGGLED),
  "CL with a sign": post("Content-Length: +0\r\n", SMUGGLED),
  "CL that wraps": post("Content-Length: 18446744073709551616\r\n", SMUGGLED),
  "CL behind an empty name": post(": x\r\nContent-Length: 0\r\n", SMUGGLED),
  "chunk size that wraps": post("Transfer-Encoding: chunked\r\n", `10000000000000000\r\n\r\n0\r\n\r\n${SMUGGLED}`),
  "chunk size with 0x": post("Transfer-Encoding: chunked\r\n", `0x0\r\n\r\n${SMUGGLED}`),
  "chunk size with a blank": post("Transfer-Encoding: chunked\r\n", `0 \r\n\r\n${SMUGGLED}`),
  "chunk ended by LF": post("Transfer-Encoding: chunked\r\n", `0\n\n${SMUGGLED}`),
  "chunk extension with LF": post("Transfer-Encoding: chunked\r\n", `5;\n hell\r\n0\r\n\r\n${SMUGGLED}`),
  "chunk extension with CR": post("Transfer-Encoding: chunked\r\n", `5;a\rb\r\nhello\r\n0\r\n\r\n${SMUGGLED}`),
  "chunk extension with an open quote": post(
    "Transfer-Encoding: chunked\r\n",
    `5;a="\r\nhello\r\n0\r\n\r\n${SMUGGLED}`,
  ),
  "chunk longer than said": post("Transfer-Encoding: chunked\r\n", `1\r\nhello\r\n0\r\n\r\n${SMUGGLED}`),
  "trailer with a length": post("Transfer-Encoding: chunked\r\n", `0\r\nContent-Length: 44\r\n\r\n${SMUGGLED}`),
  "head ended by LF": `GET / HTTP/1.1\r\nHost: h\r\n\n${SMUGGLED}`,
  "line ended by LF": `GET / HTTP/1.1\nHost: h\r\n\r\n${SMUGGLED}`,
  "second request line in the target": `GET /\tHTTP/1.1\r\nHost: h\r\n\r\n${SMUGGLED}`,
  "no version": `GET /\r\nHost: h\r\n\r\n${SMUGGLED}`,
  "two hosts": `GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n${SMUGGLED}`,
  "body of CONNECT": `CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\nContent-Length: 0\r\n\r\n${SMUGGLED}`,
  "behind the last request": `GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n${SMUGGLED}`,
};

describe("smuggling", () => {
  test.each(Object.entries(corpus))("%s brings nothing to the other side", (_name, text) => {
    const bytes = octets(text);
    expect(Buffer.concat(passedOn(bytes)).toString("latin1")).not.toContain("/smuggled");
    expectOneEach(bytes);
  });

  test("a Connection field cannot take framing or host away", () => {
    const [sent] = passedOn(
      octets(
        post("Connection: content-length, host, x-a, Keep-Alive\r\nX-A: 1\r\nX-B: 2\r\nContent-Length: 3\r\n", "abc"),
      ),
    );
    expect(sent!.toString("latin1")).toBe("POST / HTTP/1.1\r\nHost: h\r\nX-B: 2\r\nContent-Length: 3\r\n\r\nabc");
  });

  test("whatever the octets, each request that is read is one for the next reader, and the same", () => {
    let whole = 0;
    fc.assert(
      fc.property(nearStream(nearRequest), (bytes) => {
        expectOneEach(bytes);
        whole += passedOn(bytes).length;
      }),
      { numRuns: 5000 },
    );
    // Else nothing was shown.
    expect(whole).toBeGreaterThan(1000);
  });
});
