import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createVirtualTime } from "#foundation/runtime";
import type { Backend } from "../io/backend.ts";
import { local, proxyFixtures } from "../testing/proxy-fixture.ts";
import { rawClient } from "../testing/raw-peers.ts";
import { type NoConnection, Pool } from "./pool.ts";
import type { UpstreamConnection } from "./upstream-connection.ts";

const { front, scripted, close } = proxyFixtures();
afterEach(close);

const take = (pool: Pool, backend: Backend): Promise<UpstreamConnection | NoConnection> =>
  new Promise((resolve) => pool.take(backend, { onConnection: resolve, onNoConnection: resolve }));

const nothing = { onInformational() {}, onHead() {}, onData() {}, onPieceEnd() {}, onDrain() {}, onExpired() {} };

/** One exchange on a connection to a server that answers at once. */
function exchange(connection: UpstreamConnection): Promise<void> {
  return new Promise((resolve, reject) =>
    connection.begin("GET", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", undefined, true, {
      ...nothing,
      onEnd: () => resolve(),
      onFault: reject,
    }),
  );
}

/** A server that answers each request until its connection ends. */
const answering = () =>
  scripted((peer) => {
    const answer = (turn: number): unknown =>
      peer
        .until((text) => text.split("\r\n\r\n").length === turn)
        .then(() => {
          peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
          answer(turn + 1);
        })
        .catch(() => peer.close());
    answer(2);
  });

test("idle connections are used last in, first out, and closed when nobody has used them for the limit", async () => {
  const time = createVirtualTime(0);
  const pool = new Pool({ time, limits: { idleTimeoutMs: 1000 } });
  const backend = local(answering().port);
  const first = (await take(pool, backend)) as UpstreamConnection;
  const second = (await take(pool, { ...backend })) as UpstreamConnection;
  expect(pool.counts(backend)).toEqual({ idle: 0, open: 2, waiting: 0 });
  await exchange(first);
  await exchange(second);
  expect(pool.counts(backend)).toEqual({ idle: 2, open: 2, waiting: 0 });
  for (let turn = 0; turn < 3; turn++) {
    time.advance(600);
    expect(await take(pool, backend)).toBe(second);
    await exchange(second);
  }
  expect(pool.counts(backend)).toEqual({ idle: 1, open: 1, waiting: 0 });
  time.advance(1200);
  expect(pool.counts(backend)).toEqual({ idle: 0, open: 0, waiting: 0 });
  expect(time.pendingTimers()).toBe(0);
});

test("a retired backend's connections close when they are free; those of a closed pool too, and there are no new ones", async () => {
  const pool = new Pool();
  const server = answering();
  const backend = local(server.port);
  const busy = (await take(pool, backend)) as UpstreamConnection;
  const idle = (await take(pool, backend)) as UpstreamConnection;
  await exchange(idle);
  const running = exchange(busy);
  pool.retire(backend);
  await (await server.peer(1)).end();
  await running;
  await (await server.peer(0)).end();
  const again = (await take(pool, backend)) as UpstreamConnection;
  await exchange(again);
  pool.close();
  await (await server.peer(2)).end();
  expect(await take(pool, backend)).toEqual({ kind: "pool-closed" });
});

test("a handshake that does not end is a timeout, and makes room for who waits", async () => {
  const time = createVirtualTime(0);
  const server = scripted();
  const backend: Backend = { ...local(server.port), tls: {} };
  const pool = new Pool({ time, limits: { connectTimeoutMs: 1000, maxConnections: 1 } });
  const first = take(pool, backend);
  await server.peer(0);
  time.advance(500);
  const second = take(pool, backend);
  time.advance(600);
  expect(await first).toEqual({ kind: "connect-timeout" });
  await server.peer(1);
  expect(pool.counts(backend)).toEqual({ idle: 0, open: 1, waiting: 0 });
  time.advance(1100);
  expect(await second).toEqual({ kind: "connect-timeout" });
  expect(pool.counts(backend).open).toBe(0);
  expect(time.pendingTimers()).toBe(0);
});

test("a socket in the file system", async () => {
  const directory = mkdtempSync(join(tmpdir(), "biplane-proxy-"));
  const path = join(directory, "s");
  const seen = Promise.withResolvers<string>();
  const server = Bun.listen({
    unix: path,
    socket: {
      data(socket, bytes) {
        seen.resolve(bytes.toString());
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      },
    },
  });
  const { port } = await front({ route: () => ({ backend: { address: { kind: "unix", path } }, host: "backend" }) });
  const client = await rawClient(port);
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  await client.until((text) => text.endsWith("ok"));
  expect(await seen.promise).toContain("Host: localhost\r\n");
  client.close();
  server.stop(true);
  rmSync(directory, { recursive: true, force: true });
});
