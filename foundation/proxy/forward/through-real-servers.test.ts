/** Requests at random through real servers: what the upstream gets is what was sent, and what the client gets is what the upstream answered. */

import { afterEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { local, proxyFixtures } from "../testing/proxy-fixture.ts";
import { type RawPeer, rawClient } from "../testing/raw-peers.ts";
import { HOP_BY_HOP } from "./hop-by-hop.ts";

const { front, upstream, scripted, close } = proxyFixtures();
afterEach(close);

const tokenText = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/);
const valueText = fc.stringMatching(/^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]{0,30}[\x21-\x7e\x80-\xff])?)?$/);
const RESERVED = /^(?:host|content-length|expect|date|via|trailer|forwarded|x-forwarded-.*)$/i;
const fields = fc.array(
  fc.tuple(
    tokenText.filter((name) => !RESERVED.test(name) && !HOP_BY_HOP.has(name.toLowerCase())),
    valueText,
  ),
  { maxLength: 8 },
);
const target = fc.stringMatching(/^\/[\x21-\x7e\x80-\xff]{0,60}$/);
const body = fc.oneof(
  fc.constant(undefined),
  fc.uint8Array({ maxLength: 300 }),
  fc.integer({ min: 60_000, max: 300_000 }).map((length) => new Uint8Array(length).fill(length & 0xff)),
);

interface Message {
  readonly fields: readonly (readonly [string, string])[];
  readonly body: Uint8Array | undefined;
  readonly chunked: boolean;
}

const message = fc.record({ fields, body, chunked: fc.boolean() });

function bytesOf(line: string, { fields: list, body: content, chunked }: Message): Buffer {
  let head = `${line}\r\n`;
  for (const [name, value] of list) head += `${name}: ${value}\r\n`;
  if (content === undefined) return Buffer.from(`${head}\r\n`, "latin1");
  if (!chunked)
    return Buffer.concat([Buffer.from(`${head}Content-Length: ${content.length}\r\n\r\n`, "latin1"), content]);
  const parts: Uint8Array[] = [Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`, "latin1")];
  for (let at = 0; at < content.length; at += 50_000) {
    const part = content.subarray(at, at + 50_000);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n"));
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
}

/** Fields that only the sender under test chose. */
const chosen = (raw: readonly string[]): string[] => {
  const list: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    if (!RESERVED.test(raw[i]!) && !HOP_BY_HOP.has(raw[i]!.toLowerCase())) list.push(`${raw[i]}: ${raw[i + 1]}`);
  }
  return list;
};

/** Reads one answer: its fields, and its body without framing. */
async function readAnswer(client: RawPeer): Promise<{ status: number; raw: string[]; body: string }> {
  const text = await client.until((received) => wholeLength(received) !== undefined);
  const end = text.indexOf("\r\n\r\n");
  const lines = text.slice(0, end).split("\r\n");
  const raw = lines.slice(1).flatMap((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]);
  const length = wholeLength(text)!;
  const content = text.slice(end + 4, length);
  client.received = text.slice(length);
  return { status: Number(lines[0]!.slice(9, 12)), raw, body: isChunked(text) ? unchunked(content).data : content };
}

const isChunked = (text: string): boolean =>
  /\r\ntransfer-encoding: chunked\r\n/i.test(text.slice(0, text.indexOf("\r\n\r\n") + 2));

function wholeLength(text: string): number | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  if (isChunked(text)) {
    const { length } = unchunked(text.slice(end + 4));
    return length === undefined ? undefined : end + 4 + length;
  }
  const length = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(text.slice(0, end + 2))?.[1] ?? 0);
  return text.length >= end + 4 + length ? end + 4 + length : undefined;
}

function unchunked(text: string): { data: string; length: number | undefined } {
  let data = "";
  for (let at = 0; ; ) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd === -1) return { data, length: undefined };
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    if (text.length < lineEnd + 4 + size) return { data, length: undefined };
    data += text.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 4 + size;
    if (size === 0) return { data, length: at };
  }
}

interface Seen {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly fields: readonly string[];
  readonly body: string;
}

test("whatever is sent arrives, and whatever is answered comes back, one after the other on one connection", async () => {
  const seen: Seen[] = [];
  const answers: Message[] = [];
  const origin = scripted((peer) => void answerAll(peer));
  const answerAll = async (peer: RawPeer): Promise<void> => {
    for (;;) {
      try {
        await peer.until((text) => wholeLength(text) !== undefined);
      } catch {
        return;
      }
      const length = wholeLength(peer.received)!;
      const text = peer.received.slice(0, length);
      peer.received = peer.received.slice(length);
      const end = text.indexOf("\r\n\r\n");
      const [line, ...lines] = text.slice(0, end).split("\r\n");
      const raw = lines.flatMap((field) => [field.slice(0, field.indexOf(":")), field.slice(field.indexOf(":") + 2)]);
      const [method, to] = line!.split(" ") as [string, string];
      const content = text.slice(end + 4);
      seen.push({
        method,
        target: to,
        host: raw[raw.indexOf("Host") + 1]!,
        fields: chosen(raw),
        body: isChunked(text) ? unchunked(content).data : content,
      });
      const answer = answers.shift()!;
      // Without a length the connection would have to end.
      peer.send(bytesOf("HTTP/1.1 203 Fine", { ...answer, body: answer.body ?? new Uint8Array(0) }));
    }
  };
  const backend = local(origin.port);
  const { port } = await front({ route: () => ({ backend }) });
  const client = await rawClient(port);
  const exchange = fc.record({
    method: fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"),
    target,
    request: message,
    answer: message,
    cuts: fc.array(fc.nat(400), { maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(exchange, async ({ method, target: to, request, answer, cuts }) => {
      seen.length = 0;
      answers.length = 0;
      answers.push(answer);
      const bytes = bytesOf(`${method} ${to} HTTP/1.1\r\nHost: shop.test`, request);
      let at = 0;
      for (const cut of [...cuts].sort((a, b) => a - b)) {
        if (cut <= at || cut >= bytes.length) continue;
        client.send(bytes.subarray(at, cut));
        at = cut;
        await new Promise((resolve) => setImmediate(resolve));
      }
      client.send(bytes.subarray(at));
      const got = await readAnswer(client);
      const text = (content: Uint8Array | undefined): string => Buffer.from(content ?? []).toString("latin1");
      const lines = (list: Message["fields"]): string[] => list.map(([name, value]) => `${name}: ${value}`);
      expect(seen).toEqual([
        { method, target: to, host: "shop.test", fields: lines(request.fields), body: text(request.body) },
      ]);
      expect(got.status).toBe(203);
      expect(chosen(got.raw)).toEqual(lines(answer.fields));
      expect(got.body === text(answer.body)).toBe(true);
      expect(client.received).toBe("");
    }),
    { numRuns: 60 },
  );
  client.close();
});

test("an answer and a request that come byte by byte are the same", async () => {
  const origin = scripted();
  const backend = local(origin.port);
  const { port } = await front({ route: () => ({ backend }) });
  const client = await rawClient(port);
  const drip = async (peer: RawPeer, text: string): Promise<void> => {
    for (const character of text) {
      peer.send(character);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await drip(client, "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n");
  const peer = await origin.peer(0);
  const seen = await peer.until((text) => text.endsWith("0\r\nX: y\r\n\r\n"));
  // In as many chunks as the pieces in which it came.
  expect(seen).toEndWith("1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\nX: y\r\n\r\n");
  await drip(
    peer,
    "HTTP/1.1 200 OK\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
  );
  const got = await readAnswer(client);
  expect([got.status, got.body]).toEqual([200, "hello!"]);
  client.close();
});

describe("long bodies", () => {
  const MEGABYTES_10 = 10_000_000;

  test("10 MB up and down, both at once, arrive whole", async () => {
    const bytes = Buffer.alloc(MEGABYTES_10);
    for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 7 + (i >> 9)) & 0xff;
    const backend = await upstream((request) => ({ status: 200, body: request.body, contentLength: bytes.length }));
    const { port } = await front({ route: () => ({ backend }) });
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: "PUT", body: bytes });
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  });

  test("a client that reads nothing stops the upstream, whose bytes do not gather here", async () => {
    let sent = 0;
    const origin = scripted((peer) => {
      peer.until((text) => text.endsWith("\r\n\r\n")).then(() => pump(peer));
    });
    const piece = Buffer.alloc(256 * 1024);
    let stalls = 0;
    const pump = (peer: RawPeer): void => {
      if (sent === 0) peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
      const timer = setInterval(() => {
        for (let written = 1; written > 0; ) {
          written = Math.max(0, peer.socket.write(piece));
          sent += written;
          stalls = written === 0 ? stalls + 1 : 0;
        }
        if (stalls > 50 || peer.closed) clearInterval(timer);
      }, 1);
    };
    const backend = local(origin.port);
    const { port } = await front({ route: () => ({ backend }) });
    const client = await rawClient(port);
    client.socket.pause();
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    while (stalls <= 50) await Bun.sleep(5);
    // Two pairs of socket buffers, our queue, and what the server's writer holds: far from all of it.
    expect(sent).toBeLessThan(40_000_000);
    client.close();
  });

  test("an upstream that reads nothing stops the client", async () => {
    const origin = scripted((peer) => peer.socket.pause());
    const backend = local(origin.port);
    const { port } = await front({ route: () => ({ backend }) });
    const client = await rawClient(port);
    client.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n");
    const piece = Buffer.alloc(256 * 1024);
    let sent = 0;
    for (let stalls = 0; stalls < 100; ) {
      const written = Math.max(0, client.socket.write(piece));
      sent += written;
      stalls = written === 0 ? stalls + 1 : 0;
      await Bun.sleep(1);
    }
    expect(sent).toBeLessThan(40_000_000);
    client.close();
  });
});
