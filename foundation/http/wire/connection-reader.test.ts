import { describe, expect, test } from "bun:test";
import { type ReaderFixture, readerFixture } from "./testing.ts";

const get = (target: string, extra = ""): string => `GET ${target} HTTP/1.1\r\nHost: h\r\n${extra}\r\n`;
const post = (target: string, body: string): string =>
  `POST ${target} HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const chunked = (target: string): string =>
  `PUT ${target} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nT: u\r\n\r\n`;

const told = ({ requests }: ReaderFixture): readonly string[] =>
  requests.map(({ request, body, ended }) => `${request.method} ${request.target} ${body}${ended ? "." : "…"}`);

describe("requests in pieces", () => {
  const stream = `${get("/1")}${post("/2", "hello\r\n\r\n")}${chunked("/3")}\r\n${get("/4", "X: y\r\n")}`;
  const whole = ["GET /1 .", "POST /2 hello\r\n\r\n.", "PUT /3 abcde.", "GET /4 ."];

  test("the same requests, wherever the bytes are cut", () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      for (const step of [1, 5, stream.length]) {
        const fixture = readerFixture();
        fixture.send(stream.slice(0, cut));
        for (let at = cut; at < stream.length; at += step) fixture.send(stream.slice(at, at + step));
        expect(told(fixture)).toEqual(whole);
        expect([fixture.faults, fixture.socket, fixture.paused]).toEqual([[], "open", false]);
        expect(fixture.requests[2]!.request.rawTrailers).toEqual(["T", "u"]);
      }
    }
  });

  test("a chunk is the body's own: what stood around it is not in its memory", () => {
    const fixture = readerFixture({ listens: false });
    fixture.send(post("/", "hello") + get("/2"));
    const chunks: Uint8Array[] = [];
    fixture.requests[0]!.request.listen({ onData: (chunk) => chunks.push(chunk), onEnd() {} });
    expect(chunks.map(({ buffer }) => buffer.byteLength)).toEqual([5]);
  });
});

describe("one after the other", () => {
  test("a body behind a running request waits for its turn", () => {
    const fixture = readerFixture({ listens: false });
    fixture.send(get("/1"));
    fixture.busy = true;
    fixture.send(get("/2") + post("/3", "hello").slice(0, -2));
    fixture.send("lo");
    expect(told(fixture)).toEqual(["GET /1 …", "GET /2 …", "POST /3 …"]);
    fixture.send(get("/4"));
    // Read on, so that a client that leaves is noticed.
    expect(fixture.paused).toBe(false);
    const third = fixture.requests[2]!;
    fixture.reader.begin(third.request);
    fixture.listen(third);
    expect(told(fixture)).toEqual(["GET /1 …", "GET /2 …", "POST /3 hello.", "GET /4 …"]);
    expect(fixture.paused).toBe(false);
  });

  test("a long body behind a running request makes the client wait too", () => {
    const fixture = readerFixture({ listens: false });
    fixture.send(get("/1"));
    fixture.busy = true;
    const long = "x".repeat(64 * 1024);
    fixture.send(post("/2", long).slice(0, -1));
    expect(fixture.paused).toBe(false);
    fixture.send("xx");
    expect(fixture.paused).toBe(true);
    const second = fixture.requests[1]!;
    fixture.reader.begin(second.request);
    fixture.listen(second);
    expect(told(fixture)[1]).toBe(`POST /2 ${long}.`);
    expect(fixture.paused).toBe(false);
  });

  test("a body that nobody reads yet pauses the client; reading or dropping lets it go on", () => {
    for (const way of ["read", "dropped"]) {
      const fixture = readerFixture({ listens: false });
      fixture.send(post("/1", "hello").slice(0, -3));
      expect(fixture.paused).toBe(true);
      const first = fixture.requests[0]!;
      if (way === "read") fixture.listen(first);
      else first.request.drop();
      expect(fixture.paused).toBe(false);
      fixture.send(`llo${get("/2")}`);
      expect(told(fixture)).toEqual([way === "read" ? "POST /1 hello." : "POST /1 …", "GET /2 …"]);
      expect(first.request.complete).toBe(true);
    }
  });

  test("a reader that pauses and never resumes does not keep the next request", () => {
    const fixture = readerFixture({ listens: false });
    fixture.send(post("/1", "hello").slice(0, -3));
    const { request } = fixture.requests[0]!;
    request.listen({ onData: () => request.pause(), onEnd() {} });
    expect(fixture.paused).toBe(false);
    fixture.send("ll");
    expect(fixture.paused).toBe(true);
    fixture.send("o");
    expect(fixture.paused).toBe(false);
    fixture.send(get("/2"));
    expect(fixture.requests).toHaveLength(2);
  });
});

describe("the end of a connection", () => {
  test.each([
    ["HTTP/1.1", "", true],
    ["HTTP/1.1", "Connection: close\r\n", false],
    ["HTTP/1.1", "connection: Foo , CLOSE\r\n", false],
    ["HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n", false],
    ["HTTP/1.0", "", false],
    ["HTTP/1.0", "Connection: Keep-Alive\r\n", true],
  ])("%s with %p", (version, field, persistent) => {
    const fixture = readerFixture();
    fixture.send(`GET /1 ${version}\r\nHost: h\r\n${field}\r\n${get("/2")}`);
    expect(fixture.requests.map((seen) => seen.persistent)).toEqual(persistent ? [true, true] : [false]);
  });

  test("the last request's body is still read", () => {
    const fixture = readerFixture();
    fixture.send(`${post("/1", "hello").replace("Host: h", "Host: h\r\nConnection: close")}${get("/2")}`);
    expect(told(fixture)).toEqual(["POST /1 hello."]);
  });

  test("an early end is a fault within a request, and a parting between requests", () => {
    for (const text of ["GET / HT", post("/", "hello").slice(0, -1), chunked("/").slice(0, -1)]) {
      const fixture = readerFixture();
      fixture.send(text);
      fixture.reader.onEnd();
      expect([fixture.faults, fixture.socket]).toEqual([["incomplete"], "open"]);
    }
    const fixture = readerFixture();
    fixture.send(get("/"));
    fixture.reader.onEnd();
    expect([fixture.faults, fixture.socket]).toEqual([[], "destroyed"]);
  });
});

describe("faults", () => {
  test("nothing is read behind one", () => {
    const malformed = `GET  / HTTP/1.1\r\n\r\n${get("/2")}`;
    const broken = `${chunked("/1").replace("abc", "abcd")}${get("/2")}`;
    for (const [text, count] of [
      [malformed, 0],
      [broken, 1],
    ] as const) {
      const fixture = readerFixture();
      fixture.send(text);
      fixture.send(get("/3"));
      expect([fixture.requests.length, fixture.faults]).toEqual([count, ["malformed"]]);
    }
  });

  test("nothing is read behind a request whose framing is ambiguous", () => {
    const fixture = readerFixture();
    fixture.send(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n${get("/2")}`);
    expect(fixture.requests.map(({ framing }) => framing.refusal)).toEqual(["more than one Content-Length header"]);
  });

  test("a head may have its length and no more, whole or in pieces", () => {
    const line = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
    const exact = `${line}${"a".repeat(4096 - line.length)}\r\n\r\n`;
    for (const [text, faults] of [
      [exact, []],
      [exact.replace("aa", "aaa"), ["head-too-large"]],
    ] as const) {
      for (const step of [1, 1000, 10_000]) {
        const fixture = readerFixture();
        for (let at = 0; at < text.length && fixture.faults.length === 0; at += step) {
          fixture.send(text.slice(at, at + step));
        }
        expect(fixture.faults).toEqual([...faults]);
      }
    }
    const endless = readerFixture();
    endless.send("a".repeat(5000));
    expect(endless.faults).toEqual(["head-too-large"]);
  });
});

describe("deadlines", () => {
  const due = ({ reader, clock }: ReaderFixture): number => reader.deadline - clock.now;

  test("of a head, from the connection's beginning or from its first byte", () => {
    const fixture = readerFixture();
    expect(due(fixture)).toBe(100);
    fixture.reader.expire();
    expect([fixture.faults, fixture.socket]).toEqual([[], "ended"]);
    const slow = readerFixture();
    slow.clock.now = 50;
    slow.send("GET");
    slow.clock.now = 80;
    slow.send(" /");
    expect(due(slow)).toBe(70);
    slow.reader.expire();
    expect([slow.faults, slow.socket]).toEqual([["head-too-late"], "open"]);
  });

  test("none while a request is answered; then the connection may rest", () => {
    const fixture = readerFixture();
    fixture.send(post("/", "hello"));
    fixture.busy = true;
    expect(due(fixture)).toBe(Number.POSITIVE_INFINITY);
    fixture.busy = false;
    fixture.reader.rest();
    expect(due(fixture)).toBe(1000);
    fixture.send("GET");
    expect(due(fixture)).toBe(100);
    fixture.busy = true;
    fixture.reader.expire();
    expect([fixture.faults, fixture.socket]).toEqual([[], "open"]);
    fixture.busy = false;
    fixture.reader.rest();
    expect(due(fixture)).toBe(100);
  });
});

describe("upgrades", () => {
  const upgrade = get("/up", "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n");

  test("what follows belongs to the other protocol, and nothing more is read before it is decided", () => {
    const fixture = readerFixture();
    fixture.send(`${upgrade}\x81\x00`);
    expect([fixture.upgrades, fixture.requests, fixture.paused]).toEqual([
      [{ target: "/up", rest: "\x81\x00" }],
      [],
      true,
    ]);
  });

  test("an ordinary request where none is offered, where the connection does not ask, and with a body", () => {
    for (const [text, upgrades] of [
      [upgrade, false],
      [get("/up", "Upgrade: h2c\r\n"), true],
      [post("/up", "a").replace("Host: h", "Host: h\r\nUpgrade: h2c\r\nConnection: upgrade"), true],
    ] as const) {
      const fixture = readerFixture({ upgrades });
      fixture.send(text);
      expect([fixture.requests.length, fixture.upgrades.length]).toEqual([1, 0]);
    }
  });
});
