/** Octets that are nearly messages: what clients send, and what those send who want two readers to disagree. For property tests. */

import fc from "fast-check";

const ENDS = ["\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r", "\r\r\n", "\n\r", "\0\r\n", " \r\n"] as const;
const METHODS = ["GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT", "X", "G T", "get"] as const;
const TARGETS = ["/", "/a?b", "*", "http://h/x", "h:80", "/a b", "/\t", "/#f", "/\xe9", ""] as const;
const VERSIONS = ["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/1.1 ", "http/1.1", ""] as const;
const NAMES = [
  "Host",
  "Host",
  "Content-Length",
  "content-length",
  "Transfer-Encoding",
  "transfer-encoding",
  "Transfer_Encoding",
  "Transfer-Encoding ",
  " Transfer-Encoding",
  "Content-Length\0",
  "Connection",
  "Upgrade",
  "Keep-Alive",
  "TE",
  "Trailer",
  "Expect",
  "X-A",
  "x-\xe9",
  "",
] as const;
const VALUES = [
  "h",
  "0",
  "3",
  "5",
  "5, 5",
  "+5",
  "0x5",
  "chunked",
  "Chunked",
  "chunked, chunked",
  "gzip, chunked",
  "identity",
  "\tchunked",
  "chunked\x0b",
  "close",
  "keep-alive",
  "x-a, host",
  "upgrade",
  "100-continue",
  "",
  "a\tb",
  "a\rb",
  "a\n b",
  "a\0",
] as const;
const CHUNKS = [
  "0\r\n\r\n",
  "0\r\n\r\n",
  "3\r\nabc\r\n0\r\n\r\n",
  "3;x=y\r\nabc\r\n0\r\n\r\n",
  '3;x="\r\nabc\r\n0\r\n\r\n',
  "3\nabc\n0\n\n",
  "3 \r\nabc\r\n0\r\n\r\n",
  "0\r\nX-T: 1\r\n\r\n",
  "0\r\nContent-Length: 3\r\n\r\n",
  "00000000003\r\nabc\r\n0\r\n\r\n",
  "fffffffffffffffff3\r\nabc\r\n0\r\n\r\n",
  "hello",
  "abc",
  "",
] as const;

const field = fc
  .tuple(
    fc.constantFrom(...NAMES),
    fc.constantFrom(":", ":", ": ", ":\t", " : ", ""),
    fc.constantFrom(...VALUES),
    fc.constantFrom(...ENDS),
  )
  .map((parts) => parts.join(""));

/** Fields that are in order, so that many of the requests are read to their end. */
const goodField = fc.constantFrom(
  "Host: h\r\n",
  "Content-Length: 3\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Connection: close\r\n",
  "Connection: X-A, keep-alive\r\n",
  "X-A:  v \r\n",
  "x-b:\r\n",
);

const fields = fc.array(fc.oneof({ weight: 3, arbitrary: goodField }, { weight: 1, arbitrary: field }), {
  maxLength: 5,
});

/** One request, or nearly one. */
export const nearRequest: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(fc.constantFrom("GET", "POST"), fields, fc.constantFrom(...CHUNKS))
    .map(
      ([method, lines, body]) =>
        `${method} /x HTTP/1.1\r\nHost: h\r\n${lines.filter((line) => !line.startsWith("Host")).join("")}\r\n${body}`,
    ),
  fc
    .tuple(
      fc.constantFrom(...METHODS),
      fc.constantFrom(...TARGETS),
      fc.constantFrom(...VERSIONS),
      fc.constantFrom(...ENDS),
      fields,
      fc.constantFrom(...ENDS),
      fc.constantFrom(...CHUNKS),
    )
    .map(
      ([method, target, version, lineEnd, lines, headEnd, body]) =>
        `${method} ${target} ${version}${lineEnd}${lines.join("")}${headEnd}${body}`,
    ),
);

/** One response, or nearly one. */
export const nearResponse: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(
      "HTTP/1.1 200 OK",
      "HTTP/1.1 200 OK",
      "HTTP/1.0 200 OK",
      "HTTP/1.1 204 N",
      "HTTP/1.1 304 N",
      "HTTP/1.1 100 C",
      "HTTP/1.1 101 S",
      "HTTP/1.1 20",
      "HTTP/1.1 200",
    ),
    fc.constantFrom(...ENDS),
    fields,
    fc.constantFrom(...ENDS),
    fc.constantFrom(...CHUNKS),
  )
  .map(([line, lineEnd, lines, headEnd, body]) => `${line}${lineEnd}${lines.join("")}${headEnd}${body}`);

/** Several behind each other, with a few octets changed. */
export const nearStream = (message: fc.Arbitrary<string>): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      fc.array(message, { minLength: 1, maxLength: 3 }),
      fc.array(fc.tuple(fc.nat({ max: 400 }), fc.constantFrom(0, 9, 10, 13, 32, 34, 44, 58, 59, 127, 233)), {
        maxLength: 2,
      }),
    )
    .map(([messages, changes]) => {
      const bytes = Buffer.from(messages.join(""), "latin1");
      for (const [place, octet] of changes) if (place < bytes.length) bytes[place] = octet;
      return bytes;
    });
