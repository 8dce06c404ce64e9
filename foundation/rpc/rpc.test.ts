import { describe, expect, test } from "bun:test";
import { bytes, nothing, record, text, u32 } from "#foundation/binary";
import { type ByteStream, createSystemRuntime, type Runtime, sleep } from "#foundation/runtime";
import { simulate } from "#foundation/runtime/simulation";
import { directionKeys, Tags } from "./authentication.ts";
import { preambleOf } from "./frames.ts";
import { type Handlers, method, openRpcNode, parseAddress, RpcError, type RpcNode } from "./index.ts";

const PREAMBLE = preambleOf(false);

const ECHO = {
  echo: method(record({ say: text }), record({ said: text })),
  wait: method(record({ ms: u32 }), nothing),
  refuse: method(record({ code: text }), nothing),
  break: method(nothing, nothing),
  size: method(record({ data: bytes }), record({ data: bytes })),
};

const LATER = { ...ECHO, added: method(nothing, nothing) };

function answering(runtime: Runtime): Handlers<typeof ECHO> {
  return {
    echo: async ({ say }) => ({ said: say }),
    wait: ({ ms }) => sleep(runtime.timers, ms),
    refuse: async ({ code }) => {
      throw new RpcError(code, "Not this one.", 7n);
    },
    break: async () => {
      throw new TypeError("secret");
    },
    size: async (request) => request,
  };
}

function fail(error: unknown): never {
  throw error;
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "answered";
  } catch (error) {
    expect(error).toBeInstanceOf(RpcError);
    return (error as RpcError).code;
  }
}

/** A server and a caller over real sockets, and what the server's handlers broke with. */
async function pair(
  run: (server: RpcNode, caller: RpcNode, defects: unknown[], runtime: Runtime) => Promise<void>,
): Promise<void> {
  const runtime = createSystemRuntime(fail);
  const defects: unknown[] = [];
  const onDefect = (error: unknown): void => void defects.push(error);
  const server = await openRpcNode(runtime, { listen: { host: "127.0.0.1", port: 0 }, onDefect });
  const caller = await openRpcNode(runtime, { onDefect });
  server.serve("echo-1", ECHO, answering(runtime));
  try {
    await run(server, caller, defects, runtime);
  } finally {
    await caller.close();
    await server.close();
  }
}

const here = (node: RpcNode, id = "echo-1") => ({ address: node.address, id });

describe("calls over a connection", () => {
  test("are answered, many at once, each with its own answer", () =>
    pair(async (server, caller) => {
      const echo = caller.client(ECHO, here(server));
      const said = await Promise.all(Array.from({ length: 200 }, (_, i) => echo.echo({ say: `${i}` })));
      expect(said.map(({ said }) => said)).toEqual(Array.from({ length: 200 }, (_, i) => `${i}`));
      const data = new Uint8Array(3_000_000).fill(5);
      expect(Buffer.compare((await echo.size({ data })).data, data)).toBe(0);
    }));

  test("a refusal arrives with its code and number; a defect without its text", () =>
    pair(async (server, caller, defects) => {
      const echo = caller.client(ECHO, here(server));
      const refusal = await echo.refuse({ code: "newer_epoch" }).catch((error: unknown) => error);
      expect(refusal).toEqual(new RpcError("newer_epoch", "Not this one.", 7n));
      expect((refusal as RpcError).detail).toBe(7n);
      const defect = await echo.break().catch((error: unknown) => error);
      expect(defect).toMatchObject({ code: "failed", message: "The handler failed." });
      expect(defects).toMatchObject([{ message: "secret" }]);
    }));

  test("what is not there: no component, no method, no server", () =>
    pair(async (server, caller) => {
      expect(await codeOf(caller.client(ECHO, here(server, "echo-2")).echo({ say: "" }))).toBe("no_such_component");
      expect(await codeOf(caller.client(LATER, here(server)).added())).toBe("no_such_component");
      const gone = await openRpcNode(createSystemRuntime(fail), {
        listen: { host: "127.0.0.1", port: 0 },
        onDefect: () => {},
      });
      await gone.close();
      expect(await codeOf(caller.client(ECHO, here(gone)).echo({ say: "" }))).toBe("not_sent");
    }));

  test("no answer in time, given up by the caller: the next call is answered", () =>
    pair(async (server, caller) => {
      const echo = caller.client(ECHO, here(server));
      expect(await codeOf(echo.wait({ ms: 60_000 }, { timeoutMs: 20 }))).toBe("timed_out");
      const controller = new AbortController();
      const given = codeOf(echo.wait({ ms: 60_000 }, { signal: controller.signal }));
      controller.abort();
      expect(await given).toBe("cancelled");
      expect(await codeOf(echo.echo({ say: "" }))).toBe("answered");
    }));

  test("what is too long is refused, and the connection goes on", () =>
    pair(async (server, caller) => {
      const echo = caller.client(ECHO, here(server));
      const waiting = echo.wait({ ms: 30 });
      expect(await codeOf(echo.size({ data: new Uint8Array(17 * 1024 * 1024) }))).toBe("malformed");
      await waiting;
    }));

  test("a server that ends fails what waits, and is called again when it is back", async () => {
    const runtime = createSystemRuntime(fail);
    const onDefect = (): void => {};
    const caller = await openRpcNode(runtime, { onDefect });
    const first = await openRpcNode(runtime, { listen: { host: "127.0.0.1", port: 0 }, onDefect });
    first.serve("echo-1", ECHO, answering(runtime));
    const echo = caller.client(ECHO, here(first));
    await echo.echo({ say: "" });
    const waiting = codeOf(echo.wait({ ms: 60_000 }));
    await first.close();
    expect(await waiting).toBe("unreachable");
    const again = await openRpcNode(runtime, { listen: parseAddress(first.address), onDefect });
    again.serve("echo-1", ECHO, answering(runtime));
    expect(await codeOf(echo.echo({ say: "" }))).toBe("answered");
    await caller.close();
    await again.close();
  });

  test("a service of the same node is called directly, under the same rules", () =>
    pair(async (server) => {
      const echo = server.client(ECHO, here(server));
      const data = Uint8Array.of(1);
      expect((await echo.size({ data })).data).toBe(data);
      expect(await codeOf(echo.wait({ ms: 60_000 }, { timeoutMs: 10 }))).toBe("timed_out");
      expect(await codeOf(echo.break())).toBe("failed");
      expect(await codeOf(server.client(ECHO, here(server, "none")).echo({ say: "" }))).toBe("no_such_component");
    }));

  test("an id is served once, and can be given again when it has ended", () =>
    pair(async (server, caller, _, runtime) => {
      expect(() => server.serve("echo-1", ECHO, answering(runtime))).toThrow(RangeError);
      const second = server.serve("echo-2", ECHO, answering(runtime));
      second.end();
      expect(await codeOf(caller.client(ECHO, here(server, "echo-2")).echo({ say: "" }))).toBe("no_such_component");
      server.serve("echo-2", ECHO, answering(runtime));
      second.end();
      expect(await codeOf(caller.client(ECHO, here(server, "echo-2")).echo({ say: "" }))).toBe("answered");
    }));
});

describe("a hostile peer", () => {
  const noise: readonly (readonly [name: string, said: Uint8Array])[] = [
    ["another protocol", new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
    ["another version", PREAMBLE.with(7, 99)],
    ["an endless frame", Uint8Array.of(...PREAMBLE, 0xff, 0xff, 0xff, 0xff)],
    ["an unknown kind", Uint8Array.of(...PREAMBLE, 0, 0, 0, 1, 99)],
    ["a request that ends early", Uint8Array.of(...PREAMBLE, 0, 0, 0, 3, 0, 1, 2)],
    ["a reply, from a caller", Uint8Array.of(...PREAMBLE, 0, 0, 0, 5, 1, 0, 0, 0, 1)],
  ];

  test.each(noise)("that says %s is cut off; others are served", (_, said) =>
    pair(async (server, caller, __, runtime) => {
      const stream = await runtime.network.connect(parseAddress(server.address));
      await stream.write(said);
      await ended(stream);
      expect(await codeOf(caller.client(ECHO, here(server)).echo({ say: "" }))).toBe("answered");
    }),
  );

  test.each([
    ["malformed", "HTTP/1.1 400 Bad Request\r\n\r\n", "malformed"],
    ["of another version", String.fromCharCode(...PREAMBLE.with(7, 99)), "incompatible"],
  ])("whose answer is %s fails the call", async (_, said, code) => {
    const runtime = createSystemRuntime(fail);
    const listener = await runtime.network.listen({ host: "127.0.0.1", port: 0 }, (stream) => {
      void stream.write(Uint8Array.from(said, (letter) => letter.charCodeAt(0))).catch(() => {});
    });
    const caller = await openRpcNode(runtime, { onDefect: () => {} });
    const echo = caller.client(ECHO, { address: `127.0.0.1:${listener.address.port}`, id: "echo-1" });
    expect(await codeOf(echo.echo({ say: "" }))).toBe(code);
    await caller.close();
    await listener.close();
  });

  test("an address that is none is refused by name", () => {
    for (const address of ["", "host", "host:99999", "a b:1", ":1", "[::1]"])
      expect(() => parseAddress(address)).toThrow(RangeError);
    expect(parseAddress("[::1]:80")).toEqual({ host: "::1", port: 80 });
  });
});

describe("peers that share a key", () => {
  const keyOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

  async function between(serverKey: Uint8Array | undefined, callerKey: Uint8Array | undefined): Promise<string> {
    const runtime = createSystemRuntime(fail);
    const onDefect = (): void => {};
    const server = await openRpcNode(runtime, { listen: { host: "127.0.0.1", port: 0 }, onDefect, key: serverKey });
    server.serve("echo-1", ECHO, answering(runtime));
    const caller = await openRpcNode(runtime, { onDefect, key: callerKey });
    const echo = caller.client(ECHO, here(server));
    const codes = [await codeOf(echo.echo({ say: "a" })), await codeOf(echo.size({ data: new Uint8Array(100_000) }))];
    await caller.close();
    await server.close();
    expect(codes[1]).toBe(codes[0]!);
    return codes[0]!;
  }

  test("are answered; nobody else is, nor believed", async () => {
    expect(await between(keyOf(1), keyOf(1))).toBe("answered");
    // The server hears a frame that is not of its key, and cuts the connection; so does the caller, if it hears first.
    expect(["unreachable", "unauthorized"]).toContain(await between(keyOf(1), keyOf(2)));
    expect(["unreachable", "unauthorized"]).toContain(await between(keyOf(1), undefined));
    expect(["unreachable", "unauthorized"]).toContain(await between(undefined, keyOf(1)));
  });

  test("a frame that is repeated, or left out, ends the connection", () => {
    const { own, peer } = directionKeys(keyOf(1), "caller", keyOf(2), keyOf(3));
    expect(directionKeys(keyOf(1), "server", keyOf(2), keyOf(3))).toEqual({ own: peer, peer: own });
    const [writing, reading, skipping] = [new Tags(own), new Tags(own), new Tags(own)];
    const frame = Uint8Array.of(1, 2, 3);
    const [first, second] = [writing.next(frame), writing.next(frame)];
    expect(reading.holds(frame, first)).toBe(true);
    expect(reading.holds(frame, first)).toBe(false);
    expect(skipping.holds(frame, second)).toBe(false);
    expect(new Tags(peer).holds(frame, first)).toBe(false);
    expect(new Tags(own).holds(Uint8Array.of(1, 2), first)).toBe(false);
  });

  test("whoever has not shown the key is not waited for, neither long frames nor for long", () => {
    const ends: string[] = [];
    const { failure } = simulate({
      seed: 1,
      machines: {
        server: async (runtime) => {
          await openRpcNode(runtime, { listen: { host: "server", port: 1 }, onDefect: () => {}, key: keyOf(1) });
        },
        client: async () => {},
      },
      scenario: async (world) => {
        const { network, clock } = world.machine("client").runtime;
        await world.sleep(10);
        const greeting = Uint8Array.of(...preambleOf(true), ...new Uint8Array(32));
        for (const more of [[0, 0, 8, 0], []]) {
          const stream = await network.connect({ host: "server", port: 1 });
          const began = clock.monotonicMs();
          await stream.write(Uint8Array.of(...greeting, ...more));
          await ended(stream);
          ends.push(clock.monotonicMs() - began < 1_000 ? "at once" : "later");
        }
      },
    });
    if (failure !== undefined) throw failure;
    expect(ends).toEqual(["at once", "later"]);
  });

  test("a key that can be guessed is refused", async () => {
    const short = openRpcNode(createSystemRuntime(fail), { onDefect: () => {}, key: new Uint8Array(31) });
    expect(short).rejects.toThrow("a key has at least 32 bytes");
  });
});

describe("in a simulated cluster", () => {
  test.each([1, 2, 3, 4, 5])("seed %d: every call ends, and a silent peer is noticed within seconds", (seed) => {
    const ends = new Map<string, number>();
    const count = (code: string): void => void ends.set(code, (ends.get(code) ?? 0) + 1);
    const { failure } = simulate({
      seed,
      machines: {
        server: async (runtime) => {
          const node = await openRpcNode(runtime, { listen: { host: "server", port: 1 }, onDefect: () => {} });
          node.serve("echo-1", ECHO, answering(runtime));
        },
        client: async () => {},
      },
      scenario: async (world) => {
        const runtime = world.machine("client").runtime;
        const caller = await openRpcNode(runtime, { onDefect: () => {} });
        const echo = caller.client(ECHO, { address: "server:1", id: "echo-1" });
        expect(await codeOf(echo.echo({ say: "" }))).toBe("answered");
        const began = runtime.clock.monotonicMs();
        const waiting = codeOf(echo.wait({ ms: 3_600_000 }, { timeoutMs: 600_000 })).then(count);
        await world.sleep(50);
        world.network.partition([["client"], ["server"]]);
        await waiting;
        expect(runtime.clock.monotonicMs() - began).toBeLessThan(10_000);
        expect(await codeOf(echo.echo({ say: "" }, { timeoutMs: 1_000 }))).not.toBe("answered");
        world.network.heal();
        while ((await codeOf(echo.echo({ say: "" }))) !== "answered") await world.sleep(100);
        await world.machine("server").kill();
        await codeOf(echo.echo({ say: "" }, { timeoutMs: 1_000 }));
        await caller.close();
        expect(await codeOf(echo.echo({ say: "" }))).toBe("cancelled");
      },
    });
    if (failure !== undefined) throw failure;
    expect([...ends.keys()]).toEqual(["unreachable"]);
  });
});

async function ended(stream: ByteStream): Promise<void> {
  try {
    while ((await stream.read()) !== undefined);
  } catch {
    // Cut is cut.
  }
}
