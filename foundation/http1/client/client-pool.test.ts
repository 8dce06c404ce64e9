import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createVirtualTime } from "#foundation/runtime";
import { until } from "../../../tests/support/until.ts";
import { listenRaw, type RawListener } from "../testing/raw-listener.ts";
import type { RawPeer } from "../testing/raw-peer.ts";
import { ClientPool } from "./client-pool.ts";
import type { ClientFailure, Origin, OutgoingRequest } from "./client-types.ts";

const listeners: RawListener[] = [];
afterEach(() => {
  for (const listener of listeners.splice(0)) listener.close();
});

function listen(): { readonly listener: RawListener; readonly origin: Origin } {
  const listener = listenRaw();
  listeners.push(listener);
  return { listener, origin: { address: { kind: "tcp", host: "127.0.0.1", port: listener.port } } };
}

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const get = (target: string): OutgoingRequest => ({ method: "GET", target, host: "h" });

interface Asked {
  readonly outcome: Promise<"answered" | ClientFailure>;
}

/** Asks; resolves once the whole answer is there, or with the reason why there is none. */
function ask(pool: ClientPool, origin: Origin, request: OutgoingRequest): Asked {
  const { promise: outcome, resolve } = Promise.withResolvers<"answered" | ClientFailure>();
  pool.request(origin, request, {
    onResponse() {},
    onFailure: resolve,
    onOver: () => resolve("answered"),
  });
  return { outcome };
}

/** The n-th connection, once it has asked for that. */
async function asked(listener: RawListener, n: number, text: string): Promise<RawPeer> {
  await until("it is connected", () => listener.accepted.length > n);
  await listener.accepted[n]!.has(text);
  return listener.accepted[n]!;
}

test("idle connections are used last in, first out, and closed when nobody has used them for the limit", async () => {
  const time = createVirtualTime(0);
  const pool = new ClientPool({ time, limits: { idleTimeoutMs: 1000 } });
  const { listener, origin } = listen();
  const first = ask(pool, origin, get("/first"));
  const older = await asked(listener, 0, "/first");
  // An equal one shares its connections.
  const second = ask(pool, { ...origin }, get("/second"));
  const newer = await asked(listener, 1, "/second");
  expect(pool.counts(origin)).toEqual({ idle: 0, open: 2, waiting: 0 });
  older.send(OK);
  await first.outcome;
  newer.send(OK);
  await second.outcome;
  expect(pool.counts(origin)).toEqual({ idle: 2, open: 2, waiting: 0 });
  for (let turn = 0; turn < 3; turn++) {
    time.advance(600);
    const again = ask(pool, origin, get(`/again${turn}`));
    await newer.has(`/again${turn}`);
    newer.send(OK);
    expect(await again.outcome).toBe("answered");
  }
  expect(pool.counts(origin)).toEqual({ idle: 1, open: 1, waiting: 0 });
  time.advance(1200);
  expect(pool.counts(origin)).toEqual({ idle: 0, open: 0, waiting: 0 });
  expect(time.pendingTimers()).toBe(0);
});

test("a retired origin's connections close when they are free; those of a closed pool too, and there are no new ones", async () => {
  const pool = new ClientPool();
  const { listener, origin } = listen();
  const idle = ask(pool, origin, get("/idle"));
  const free = await asked(listener, 0, "/idle");
  const busy = ask(pool, origin, get("/busy"));
  const used = await asked(listener, 1, "/busy");
  free.send(OK);
  await idle.outcome;
  pool.retire(origin);
  await free.over();
  used.send(OK);
  expect(await busy.outcome).toBe("answered");
  await used.over();
  const again = ask(pool, origin, get("/again"));
  const anew = await asked(listener, 2, "/again");
  anew.send(OK);
  expect(await again.outcome).toBe("answered");
  pool.close();
  await anew.over();
  expect(await ask(pool, origin, get("/late")).outcome).toEqual({ kind: "pool-closed" });
});

test("a handshake that does not end is a timeout, and makes room for who waits", async () => {
  const time = createVirtualTime(0);
  const { listener, origin: plain } = listen();
  const origin: Origin = { ...plain, tls: {} };
  const pool = new ClientPool({ time, limits: { connectTimeoutMs: 1000, maxConnections: 1 } });
  const first = ask(pool, origin, get("/1"));
  await until("it is connected", () => listener.accepted.length === 1);
  time.advance(500);
  const second = ask(pool, origin, get("/2"));
  expect(pool.counts(origin)).toEqual({ idle: 0, open: 1, waiting: 1 });
  time.advance(600);
  expect(await first.outcome).toEqual({ kind: "connect-timeout" });
  await until("the next is connected", () => listener.accepted.length === 2);
  expect(pool.counts(origin)).toEqual({ idle: 0, open: 1, waiting: 0 });
  time.advance(1100);
  expect(await second.outcome).toEqual({ kind: "connect-timeout" });
  expect(pool.counts(origin).open).toBe(0);
  expect(time.pendingTimers()).toBe(0);
});

test("a kept connection that is closed instead of an answer is told apart; a request may ask for a new one", async () => {
  const pool = new ClientPool({ limits: { maxConnections: 2 } });
  const { listener, origin } = listen();
  const one = ask(pool, origin, get("/1"));
  const first = await asked(listener, 0, "/1");
  const two = ask(pool, origin, get("/2"));
  const second = await asked(listener, 1, "/2");
  for (const peer of [first, second]) peer.send(OK);
  await Promise.all([one.outcome, two.outcome]);

  // Both are idle, and there may be no third: the older one makes room.
  const fresh = ask(pool, origin, { ...get("/fresh"), fresh: true });
  const third = await asked(listener, 2, "/fresh");
  await first.over();
  third.end();
  expect(await fresh.outcome).toEqual({ kind: "closed" });

  const kept = ask(pool, origin, get("/kept"));
  await second.has("/kept");
  second.end();
  expect(await kept.outcome).toEqual({ kind: "closed", wasKept: true });

  const begun = ask(pool, origin, get("/3"));
  const fourth = await asked(listener, 3, "/3");
  fourth.send(OK);
  await begun.outcome;
  const half = ask(pool, origin, get("/4"));
  await fourth.has("/4");
  fourth.send("HTTP/1.1 200");
  fourth.end();
  expect(await half.outcome).toEqual({ kind: "closed" });
  pool.close();
});

test("a socket in the file system", async () => {
  const directory = mkdtempSync(join(tmpdir(), "biplane-http1-"));
  const path = join(directory, "s");
  const server = Bun.listen({ unix: path, socket: { data: (socket) => void socket.write(OK) } });
  const pool = new ClientPool();
  expect(await ask(pool, { address: { kind: "unix", path } }, get("/")).outcome).toBe("answered");
  pool.close();
  server.stop(true);
  rmSync(directory, { recursive: true, force: true });
});
