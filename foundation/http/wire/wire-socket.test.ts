/** What only real sockets show: output that the client does not take, and the two ways to end. */

import { afterEach, describe, expect, test } from "bun:test";
import type { Socket } from "bun";
import type { Channel } from "#foundation/http1";
import { rawClient } from "../testing/raw-client.ts";
import { get, parse, testServers } from "../testing/server-fixture.ts";

import { unreadAnswerBytes } from "../unread-answers.ts";
import { WireSocket } from "./wire-socket.ts";

const { start, close } = testServers();
afterEach(close);

describe("HTTP/1.0", () => {
  test("an answer without a length ends with the connection, and says so", async () => {
    const server = await start(() => ({
      status: 200,
      body: (async function* () {
        yield Buffer.from("ab");
        yield Buffer.from("cd");
      })(),
    }));
    const client = await rawClient(server.port);
    client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const answer = parse(await client.closed());
    expect(answer.body).toBe("abcd");
    expect(answer.headers.get("connection")).toBe("close");
    expect(answer.headers.has("transfer-encoding")).toBe(false);
  });

  test("a connection stays for a client that asks for it, when the answer has a length", async () => {
    const server = await start((request) => ({ status: 200, body: request.path }));
    const client = await rawClient(server.port);
    for (const target of ["/1", "/2"]) {
      client.send(`GET ${target} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`);
      const answer = await client.until((received) => received.endsWith(target));
      expect(answer).toContain("Connection: keep-alive\r\n");
    }
    client.send("GET /3 HTTP/1.0\r\n\r\n");
    expect(await client.closed()).toEndWith("/3");
  });
});

describe("answers that the client takes late", () => {
  test("a pipeline of answers comes whole and in order, whatever the socket takes at once", async () => {
    const size = 60_000;
    const server = await start((request) => ({ status: 200, body: request.path.slice(1).repeat(size) }));
    const client = await rawClient(server.port);
    client.socket.pause();
    const names = Array.from({ length: 60 }, (_, index) => String.fromCharCode(65 + (index % 26)));
    client.send(names.map((name) => get(`/${name}`)).join(""));
    client.socket.resume();
    const answers = await client.until(
      (received) => received.length > names.length * size && received.endsWith(names.at(-1)!),
    );
    const bodies = answers.split(/HTTP\/1\.1 200 OK\r\n[\s\S]*?\r\n\r\n/).slice(1);
    expect(bodies.map((body) => [body[0], body.length])).toEqual(names.map((name) => [name, size]));
    client.destroy();
  });

  test("bytes and text beyond ASCII, in one piece with their heads", async () => {
    const bytes = Uint8Array.from({ length: 50_000 }, (_, index) => index & 0xff);
    const server = await start((request) => ({
      status: 200,
      headers: [["x-name", "caf\u00e9"]],
      body: request.path === "/text" ? "h\u00e9llo \u{1f600}" : bytes,
    }));
    for (const [path, expected] of [
      ["/text", Buffer.from("h\u00e9llo \u{1f600}")],
      ["/bytes", bytes],
    ] as const) {
      const client = await rawClient(server.port);
      client.send(get(path, "Connection: close\r\n"));
      const answer = parse(await client.closed());
      expect(Buffer.from(answer.body, "latin1")).toEqual(Buffer.from(expected));
      expect(answer.headers.get("x-name")).toBe("caf\u00e9");
    }
  });

  test("a client that does not take even a short answer is cut", async () => {
    const cut = Promise.withResolvers<void>();
    let handled = 0;
    const server = await start(
      () => {
        handled++;
        const onSent = (_bytes: number, complete: boolean) => (complete ? undefined : cut.resolve());
        return { status: 200, body: "x".repeat(64 * 1024), onSent };
      },
      { limits: { writeIdleTimeoutMs: 80 } },
    );
    const client = await rawClient(server.port);
    client.socket.pause();
    // As many answers as the buffers of both ends hold, and one that has to wait; never more requests than may be pipelined.
    let asked = 0;
    while (asked - handled < 40) {
      client.send(get("/"));
      asked++;
      await Bun.sleep(0);
    }
    await cut.promise;
    client.destroy();
  });
});

/** A socket that takes what it has room for. */
function narrowSocket(): {
  readonly socket: WireSocket;
  room: number;
  readonly taken: () => string;
  ends: number;
  receive(bytes: Buffer): void;
  drained(): void;
} {
  let taken = Buffer.alloc(0);
  const native = {
    remoteAddress: "192.0.2.1",
    data: undefined as unknown as Channel,
    setNoDelay: () => true,
    write(bytes: Uint8Array): number {
      const count = Math.min(narrow.room, bytes.length);
      taken = Buffer.concat([taken, bytes.subarray(0, count)]);
      narrow.room -= count;
      return count;
    },
    end(): number {
      narrow.ends++;
      native.data.wasClosed(false);
      return 0;
    },
  };
  const narrow = {
    room: 0,
    ends: 0,
    taken: () => taken.toString(),
    receive: (bytes: Buffer) => native.data.received(bytes),
    drained: () => native.data.drained(),
    socket: new WireSocket(native as unknown as Socket<Channel>, (error) => {
      throw error;
    }),
  };
  return narrow;
}

describe("output that waits", () => {
  test("leaves in order, however little the system takes at a time, and is told once all is gone", () => {
    for (const step of [1, 2, 3, 5, 100]) {
      const narrow = narrowSocket();
      const { socket } = narrow;
      let drains = 0;
      socket.on("drain", () => drains++);
      narrow.room = 2;
      expect(socket.write("h\u00e9llo")).toBe(false);
      expect(socket.write(Buffer.from(" wide"))).toBe(false);
      expect(socket.write(" world")).toBe(false);
      expect(socket.writableLength).toBe(15);
      while (socket.writableLength > 0) {
        expect(drains).toBe(0);
        narrow.room = step;
        narrow.drained();
      }
      expect([narrow.taken(), drains]).toEqual(["h\u00e9llo wide world", 1]);
      narrow.room = 100;
      expect(socket.write("!")).toBe(true);
    }
  });

  test("still leaves when the connection is to close; nothing is taken after that", () => {
    const narrow = narrowSocket();
    narrow.socket.write("bye");
    narrow.socket.end();
    expect([narrow.ends, narrow.socket.writable]).toEqual([0, false]);
    narrow.socket.write(" again");
    narrow.room = 100;
    narrow.drained();
    expect([narrow.taken(), narrow.ends, narrow.socket.closed]).toEqual(["bye", 1, true]);
  });

  test("is dropped when the connection is destroyed", () => {
    const narrow = narrowSocket();
    narrow.socket.write("bye");
    narrow.socket.destroy();
    narrow.socket.destroy();
    expect([narrow.taken(), narrow.ends, narrow.socket.writableLength]).toEqual(["", 1, 0]);
  });
});

describe("what is written in one turn of the loop", () => {
  /** A client that takes nothing asks once, and is answered so many times in the same turn. */
  async function answered(times: number, bytes: number): Promise<{ taken: string; waiting: number; counted: number }> {
    const narrow = narrowSocket();
    const looked = Promise.withResolvers<void>();
    narrow.socket.owner = {
      onBytes() {
        for (let i = 0; i < times; i++) narrow.socket.write(Buffer.alloc(bytes, "x"));
        setImmediate(looked.resolve);
      },
      onEnd() {},
      onDrain() {},
      onClose() {},
    };
    narrow.receive(Buffer.from("all of it"));
    await looked.promise;
    const seen = { taken: narrow.taken(), waiting: narrow.socket.writableLength, counted: unreadAnswerBytes() };
    narrow.socket.destroy();
    return seen;
  }

  test("is kept for its client, and little of it is not counted", async () => {
    expect(await answered(2, 1000)).toEqual({ taken: "", waiting: 2000, counted: 0 });
  });

  test("is counted as it is written, when it is much", async () => {
    const { waiting, counted } = await answered(20, 8 * 1024);
    expect([waiting, counted]).toEqual([20 * 8 * 1024, 20 * 8 * 1024]);
    expect(unreadAnswerBytes()).toBe(0);
  });
});

describe("ending", () => {
  test("a refusal arrives although the client goes on sending", async () => {
    const server = await start(() => ({ status: 200 }));
    const client = await rawClient(server.port);
    client.socket.pause();
    client.send("NONSENSE\r\n\r\n");
    await new Promise((resolve) => client.socket.write(new Uint8Array(8_000_000), resolve));
    client.socket.resume();
    const answer = parse(await client.closed());
    expect(answer.status).toBe(400);
    expect(answer.headers.get("connection")).toBe("close");
    client.destroy();
  });

  test("the last answer arrives although requests were sent behind it", async () => {
    const server = await start((request) => ({ status: 200, body: request.path }));
    const client = await rawClient(server.port);
    client.send(get("/last", "Connection: close\r\n") + get("/ignored").repeat(1000));
    expect(await client.closed()).toEndWith("/last");
    client.destroy();
  });
});
