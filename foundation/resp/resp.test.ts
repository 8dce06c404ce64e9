import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import fc from "fast-check";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { skipUnless } from "../../tests/support/skips.ts";
import { until } from "../../tests/support/until.ts";
import { createRespClient, parseRespAddress, type RespClient, RespRefused, RespUnavailable } from "./index.ts";
import { ReplyReader, type RespReply } from "./reply-reader.ts";

const bytes = (text: string): Buffer => Buffer.from(text);

describe("replies", () => {
  const reply: fc.Arbitrary<RespReply> = fc.letrec<{ reply: RespReply }>((tie) => ({
    reply: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      fc.integer(),
      fc.constant(null),
      fc.string({ unit: "grapheme", maxLength: 12 }),
      fc.constantFrom("WRONGTYPE no", "ERR").map((error) => ({ error })),
      fc.array(tie("reply"), { maxLength: 4 }),
    ),
  })).reply;

  function encoded(value: RespReply): string {
    if (value === null) return "$-1\r\n";
    if (typeof value === "number") return `:${value}\r\n`;
    if (typeof value === "string") return `$${Buffer.byteLength(value)}\r\n${value}\r\n`;
    if ("error" in value) return `-${value.error}\r\n`;
    return `*${value.length}\r\n${value.map(encoded).join("")}`;
  }

  test("in pieces of any size are what they are whole", () => {
    fc.assert(
      fc.property(fc.array(reply, { maxLength: 6 }), fc.integer({ min: 1, max: 9 }), (replies, size) => {
        const all = bytes(replies.map(encoded).join(""));
        const reader = new ReplyReader();
        const read: RespReply[] = [];
        for (let at = 0; at < all.length; at += size) read.push(...reader.push(all.subarray(at, at + size)));
        expect(read).toEqual(replies);
      }),
      { numRuns: 200 },
    );
  });

  test("longer texts come whole out of many pieces, and octets are kept as they are", () => {
    const octets = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256));
    const all = Buffer.concat([bytes(`*2\r\n:1\r\n$${octets.length}\r\n`), octets, bytes("\r\n:5\r\n")]);
    const reader = new ReplyReader("latin1");
    const read: RespReply[] = [];
    for (let at = 0; at < all.length; at += 999) read.push(...reader.push(all.subarray(at, at + 999)));
    expect(read).toEqual([[1, octets.toString("latin1")], 5]);
    expect(() => new ReplyReader("latin1", 8).push(bytes("$9\r\n"))).toThrow();
  });

  test.each([
    "?\r\n",
    ":\r\n",
    ":1.5\r\n",
    ":99999999999999999\r\n",
    ":1\n",
    "+a\rb\r\n",
    "$-2\r\n",
    "$9999999999\r\n",
    "$3\r\nabcd\r\n",
    "*-2\r\n",
    "*99999\r\n",
    "*1\r\n".repeat(20),
    `+${"a".repeat(5_000)}`,
  ])("%j is none", (text) => {
    expect(() => new ReplyReader().push(bytes(text))).toThrow();
  });

  test("any octets are read or refused", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("*", "$", ":", "-", "+", "1", "0", "9", "\r\n", "a") }), (text) => {
        try {
          new ReplyReader().push(bytes(text));
        } catch (error) {
          expect((error as Error).constructor.name).toBe("RespBroken");
        }
      }),
    );
  });
});

describe("addresses", () => {
  test.each([
    ["redis://store", { host: "store", port: 6379, tls: false, database: 0 }],
    ["rediss://store:7000/3", { host: "store", port: 7000, tls: true, database: 3 }],
    ["redis://[::1]/1", { host: "::1", port: 6379, tls: false, database: 1 }],
  ])("%s", (text, address) => expect(parseRespAddress(text)).toEqual(address));

  test.each([
    "store:6379",
    "http://store",
    "redis://",
    "redis://a/x",
    "redis://user:secret@a",
    "redis://a?b",
    "redis://a/1/2",
  ])("%s is none", (text) => expect(() => parseRespAddress(text)).toThrow(TypeError));
});

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

interface Store {
  readonly port: number;
  /** Everything that was received, of all connections. */
  readonly received: () => string;
  readonly connections: Socket[];
  /** Says what is answered to each piece that comes. */
  answer: (text: string, socket: Socket) => void;
}

/** A server that answers with what a test says. */
async function store(answer: Store["answer"], port = 0): Promise<Store> {
  let received = "";
  const connections: Socket[] = [];
  const one: Store = { port: 0, received: () => received, connections, answer };
  const server: Server = createServer((socket) => {
    connections.push(socket);
    socket.on("error", () => {});
    socket.on("data", (data) => {
      received += String(data);
      one.answer(String(data), socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  open.push({
    close: () => {
      for (const socket of connections) socket.destroy();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
  return Object.assign(one, { port: (server.address() as { port: number }).port });
}

function clientOf(port: number, more: object = {}): RespClient {
  const client = createRespClient({
    address: { host: "127.0.0.1", port, tls: false, database: 0 },
    timeoutMs: 5_000,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    ...more,
  });
  open.push(client);
  return client;
}

/** `+PONG` to the greeting, and to each further command its number. */
function counting(): Store["answer"] {
  let count = 0;
  return (text, socket) => {
    for (const _ of text.match(/\*\d+\r\n/g) ?? []) socket.write(count++ === 0 ? "+PONG\r\n" : `:${count}\r\n`);
  };
}

describe("a client", () => {
  test("sends commands ahead of their answers, over one connection, and tells each its own", async () => {
    const server = await store(counting());
    const client = clientOf(server.port);
    const replies = await Promise.all(Array.from({ length: 500 }, () => client.send("INCR", "é")));
    expect(replies).toEqual(Array.from({ length: 500 }, (_, index) => index + 2));
    expect(server.connections).toHaveLength(1);
    expect(server.received()).toStartWith("*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nINCR\r\n$2\r\né\r\n");
  });

  test("sends octets as they are", async () => {
    const server = await store(counting());
    const octets = Uint8Array.of(0, 255, 13, 10, 128);
    await clientOf(server.port).send("SET", "é", octets, "PX");
    // The test's store reads UTF-8: what is none is U+FFFD.
    expect(server.received()).toEndWith("$3\r\nSET\r\n$2\r\né\r\n$5\r\n\0\ufffd\r\n\ufffd\r\n$2\r\nPX\r\n");
  });

  test("says who it is and which database it means before anything else", async () => {
    const server = await store((text, socket) => {
      for (let index = text.split("*").length - 1; index > 0; index--) socket.write("+OK\r\n");
    });
    const address = { host: "127.0.0.1", port: server.port, tls: false, database: 2 };
    const client = clientOf(server.port, { address, username: "ann", password: "secret" });
    expect(await client.send("GET", "a")).toBe("OK");
    expect(server.received().match(/AUTH|SELECT|PING|GET/g)).toEqual(["AUTH", "SELECT", "PING", "GET"]);
  });

  test("errors are the command's own; who is not let in is told of as not there", async () => {
    const server = await store((text, socket) => {
      for (let index = text.split("*").length - 1; index > 0; index--) socket.write("-NOAUTH who are you\r\n");
    });
    const troubles: string[] = [];
    const client = clientOf(server.port, { onTrouble: (reason: string) => troubles.push(reason) });
    await expect(client.send("GET", "a")).rejects.toThrow(RespUnavailable);
    expect(troubles).toEqual(["NOAUTH who are you"]);
    const other = await store((text, socket) => {
      for (const [command] of text.matchAll(/PING|GET/g))
        socket.write(command === "PING" ? "+PONG\r\n" : "-ERR no\r\n");
    });
    await expect(clientOf(other.port).send("GET", "a")).rejects.toThrow(RespRefused);
  });

  const misbehaving: readonly (readonly [string, Store["answer"]])[] = [
    ["is silent", () => {}],
    ["closes the connection", (_: string, socket: Socket) => void socket.end()],
    ["speaks something else", (_: string, socket: Socket) => void socket.write("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["answers more than was asked", (_: string, socket: Socket) => void socket.write("+PONG\r\n".repeat(9))],
  ];
  test.each(misbehaving)("a store that %s fails everything that waits, in time", async (_, answer) => {
    const server = await store(answer);
    const client = clientOf(server.port, { timeoutMs: 50 });
    const sent = await Promise.allSettled([client.send("GET", "a"), client.send("GET", "b")]);
    // Of one that answers too much, what was asked may have been answered.
    if (!String(answer).includes("repeat")) expect(sent.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await until("it is left alone for a while", async () => {
      const [again] = await Promise.allSettled([client.send("GET", "c")]);
      return again!.status === "rejected";
    });
  });

  test("comes back by itself, after a pause that it does not spend waiting", async () => {
    const server = await store(counting());
    const client = clientOf(server.port);
    await client.send("GET", "a");
    server.connections[0]!.destroy();
    await until("it has noticed, and answers at once that nobody is there", async () => {
      const [sent] = await Promise.allSettled([client.send("GET", "b")]);
      return sent!.status === "rejected" && /a moment ago/.test(String((sent as PromiseRejectedResult).reason));
    });
    server.answer = counting();
    await until(
      "it is back",
      async () => (await Promise.allSettled([client.send("GET", "c")]))[0]!.status === "fulfilled",
    );
    expect(server.connections.length).toBeGreaterThan(1);
  });

  test("holds no more than it may, and nothing after it was closed", async () => {
    const server = await store(() => {});
    // The greeting waits, too.
    const client = clientOf(server.port, { waitingMax: 3 });
    const waiting = [client.send("A"), client.send("B")].map((one) => one.catch((error: Error) => error.message));
    await expect(client.send("C")).rejects.toThrow("too many commands are waiting");
    client.close();
    expect(await Promise.all(waiting)).toEqual(["the client is closed", "the client is closed"]);
    await expect(client.send("D")).rejects.toThrow("the client is closed");
  });
});

skipUnless(Bun.which("openssl") !== null, "openssl is not installed; it makes the test's certificate")(
  "a client with TLS talks to whom it trusts, and to nobody else",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "biplane-resp-"));
    const made =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost";
    const child = Bun.spawn(made.split(" "), { cwd: folder, stdout: "ignore", stderr: "ignore" });
    expect(await child.exited).toBe(0);
    const [cert, key] = ["cert.pem", "key.pem"].map((name) => readFileSync(join(folder, name), "utf8"));
    const answer = counting();
    const server = createTlsServer({ cert, key }, (socket) => {
      socket.on("error", () => {});
      socket.on("data", (data) => answer(String(data), socket));
    });
    server.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    open.push({
      close() {
        server.close();
        rmSync(folder, { recursive: true, force: true });
      },
    });
    const { port } = server.address() as { port: number };
    const address = { host: "localhost", port, tls: true, database: 0 };
    expect(await clientOf(port, { address, ca: cert }).send("GET", "a")).toBe(2);
    await expect(clientOf(port, { address }).send("GET", "a")).rejects.toThrow(RespUnavailable);
    const elsewhere = { ...address, host: "127.0.0.1" };
    await expect(clientOf(port, { address: elsewhere, ca: cert }).send("GET", "a")).rejects.toThrow(RespUnavailable);
  },
);
