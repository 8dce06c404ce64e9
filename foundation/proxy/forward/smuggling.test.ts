/** One request of a client never becomes two of an upstream, and one answer of an upstream never two: our server, our client, and theirs between them. */

import { afterEach, describe, expect, test } from "bun:test";
import { local, proxyFixtures } from "../testing/proxy-fixture.ts";
import { rawClient } from "../testing/raw-peers.ts";

const { front, upstream, scripted, close } = proxyFixtures();
afterEach(close);

const EVIL = "GET /evil HTTP/1.1\r\nHost: h\r\n\r\n";
const chunkedEvil = `0\r\n\r\n${EVIL}`;
const post = (fields: string, body: string): string => `POST /seen HTTP/1.1\r\nHost: h\r\n${fields}\r\n\r\n${body}`;

/** The evil request stands where one reader sees a body, and another one the next request. */
const hostileRequests: readonly (readonly [name: string, bytes: string])[] = [
  ["length and chunks", post(`Content-Length: ${chunkedEvil.length}\r\nTransfer-Encoding: chunked`, chunkedEvil)],
  ["chunks and length", post(`Transfer-Encoding: chunked\r\nContent-Length: 4`, chunkedEvil)],
  ["two lengths", post(`Content-Length: 0\r\nContent-Length: ${EVIL.length}`, EVIL)],
  ["two lengths in one", post(`Content-Length: 0, ${EVIL.length}`, EVIL)],
  ["a length with a sign", post(`Content-Length: +${EVIL.length}`, EVIL)],
  ["a length with an underscore", post("Content-Length: 1_0", EVIL)],
  ["a length of nothing", post("Content-Length:", EVIL)],
  ["a space before the colon", post(`Content-Length : ${EVIL.length}`, EVIL)],
  ["a folded coding", post("Transfer-Encoding:\r\n chunked", chunkedEvil)],
  ["a tab in the name", post("Transfer-Encoding\t: chunked", chunkedEvil)],
  ["a coding twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", chunkedEvil)],
  ["a list of codings", post("Transfer-Encoding: identity, chunked", chunkedEvil)],
  ["a misspelt coding", post("Transfer-Encoding: xchunked", chunkedEvil)],
  ["a quoted coding", post('Transfer-Encoding: "chunked"', chunkedEvil)],
  ["a coding behind a vertical tab", post("Transfer-Encoding: \x0bchunked", chunkedEvil)],
  ["a bare CR in a field", post(`X: a\rTransfer-Encoding: chunked`, chunkedEvil)],
  ["a bare LF between fields", post(`X: a\nTransfer-Encoding: chunked`, chunkedEvil)],
  ["a NUL in a field", post("X: a\0b\r\nTransfer-Encoding: chunked", chunkedEvil)],
  ["a hidden second request in a target", `GET /seen?\rGET\x20/evil HTTP/1.1\r\nHost: h\r\n\r\n`],
  ["a chunk size with a prefix", post("Transfer-Encoding: chunked", `0x0\r\n\r\n${EVIL}`)],
  ["a chunk size with a space", post("Transfer-Encoding: chunked", `0 \r\n\r\n${EVIL}`)],
  ["a chunk size beyond 2^64", post("Transfer-Encoding: chunked", `10000000000000000\r\n${EVIL}`)],
  ["a chunk ended by LF", post("Transfer-Encoding: chunked", `1\nx\n0\n\n${EVIL}`)],
  ["a chunk longer than it says", post("Transfer-Encoding: chunked", `1\r\nxyz\r\n0\r\n\r\n${EVIL}`)],
  ["an extension with a bare LF", post("Transfer-Encoding: chunked", `1;a\nx\r\nx\r\n0\r\n\r\n${EVIL}`)],
  ["chunks in HTTP/1.0", post("Transfer-Encoding: chunked", chunkedEvil).replace("HTTP/1.1", "HTTP/1.0")],
  ["two hosts", `GET /seen HTTP/1.1\r\nHost: h\r\nHost: evil\r\n\r\n`],
];

describe("requests", () => {
  test.each(hostileRequests)("%s: the evil one is never seen", async (_name, bytes) => {
    const seen: string[] = [];
    const backend = await upstream(async (request) => {
      seen.push(request.target);
      await request.body.discard();
      return { status: 200, body: "ok" };
    });
    const { port } = await front({ route: () => ({ backend }) });
    const client = await rawClient(port);
    client.send(bytes);
    const answer = await client.end();
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(seen.filter((target) => target !== "/seen")).toEqual([]);
    client.close();
  });

  test("fields that Connection nominates cannot take framing or host away", async () => {
    const origin = scripted();
    const { port } = await front({ route: () => ({ backend: local(origin.port) }) });
    const client = await rawClient(port);
    client.send(
      "POST /seen HTTP/1.1\r\nHost: h\r\nConnection: Content-Length, Host, X-Forwarded-For, Transfer-Encoding, close\r\nContent-Length: 2\r\n\r\nok",
    );
    const peer = await origin.peer(0);
    expect(await peer.until((text) => text.endsWith("ok"))).toBe(
      "POST /seen HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: h\r\nContent-Length: 2\r\n\r\nok",
    );
    client.close();
  });

  test("a body that looks like a request is a body, in every framing", async () => {
    const bodies: string[] = [];
    const backend = await upstream(async (request) => {
      bodies.push(`${request.method} ${request.target} ${await request.body.text(1000)}`);
      return { status: 200, body: "ok" };
    });
    const { port } = await front({ route: () => ({ backend }) });
    const client = await rawClient(port);
    const size = EVIL.length.toString(16);
    for (const [turn, method] of ["GET", "HEAD", "POST", "DELETE"].entries()) {
      const start = `${method} /seen HTTP/1.1\r\nHost: h\r\n`;
      client.send(`${start}Content-Length: ${EVIL.length}\r\n\r\n${EVIL}`);
      client.send(`${start}Transfer-Encoding: chunked\r\n\r\n${size}\r\n${EVIL}\r\n0\r\n\r\n`);
      await client.until((text) => text.split("HTTP/1.1 200").length === 2 * turn + 3);
      expect(bodies.splice(0)).toEqual([`${method} /seen ${EVIL}`, `${method} /seen ${EVIL}`]);
    }
    client.close();
  });
});

describe("answers", () => {
  const ok = "HTTP/1.1 200 OK\r\n";
  const evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";

  test.each([
    ["length and chunks", `${ok}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${evil}`],
    ["two lengths", `${ok}Content-Length: 0\r\nContent-Length: ${evil.length}\r\n\r\n${evil}`],
    ["a list of lengths", `${ok}Content-Length: 0, ${evil.length}\r\n\r\n${evil}`],
    ["a list of codings", `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${evil}`],
    ["a folded field", `${ok}X: a\r\n Content-Length: 0\r\n\r\n${evil}`],
    ["a bare LF", `HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n${evil}`],
    ["a space before the colon", `${ok}Content-Length : 0\r\n\r\n${evil}`],
    ["a bare CR in a field", `${ok}Set-Cookie: a\r\rContent-Length: 0\r\n\r\n${evil}`],
  ])("%s: none of it reaches the client, and the connection is not used again", async (_name, bytes) => {
    const origin = scripted();
    const backend = local(origin.port);
    const { port } = await front({ route: () => ({ backend }) });
    const client = await rawClient(port);
    client.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
    const peer = await origin.peer(0);
    await peer.until((text) => text.endsWith("\r\n\r\n"));
    peer.send(bytes);
    await client.until((text) => text.endsWith("Bad Gateway\n"));
    await peer.end();
    client.send("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
    const second = await origin.peer(1);
    await second.until((text) => text.startsWith("GET /2 "));
    second.send(`${ok}Content-Length: 2\r\n\r\nok`);
    expect(await client.until((text) => text.endsWith("\r\n\r\nok"))).not.toContain("evil");
    client.close();
  });

  test.each([
    ["HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 59\r\n\r\n"],
    ["GET", "HTTP/1.1 204 No Content\r\n\r\n"],
    ["GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 59\r\n\r\n"],
  ])("bytes behind an answer to %s that has no body belong to nobody: %p", async (method, head) => {
    const origin = scripted();
    const backend = local(origin.port);
    const { port } = await front({ route: () => ({ backend }) });
    const client = await rawClient(port);
    client.send(`${method} /1 HTTP/1.1\r\nHost: h\r\n\r\n`);
    const peer = await origin.peer(0);
    await peer.until((text) => text.endsWith("\r\n\r\n"));
    peer.send(head + evil);
    await client.until((text) => text.endsWith("\r\n\r\n"));
    await peer.end();
    expect(client.received).not.toContain("evil");
    client.close();
  });
});
