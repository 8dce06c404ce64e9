/** Stores under measurement, each as its users use it, all durable: what is acknowledged has been synced. */
import { Database as Sqlite } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { openDatabase } from "#data-plane/store/client";
import { connectCluster } from "#data-plane/store/cluster";
import { openEmbedded } from "#data-plane/store/embedded";
import { openRpcNode } from "#foundation/rpc";
import { createSystemRuntime } from "#foundation/runtime";
import { freePort, measured, type ServerProcess, untilListening } from "../harness/server-process.ts";

export interface Contender {
  readonly name: string;
  /** Reads as of now, durably written or not. */
  get(key: string): unknown;
  /** Resolves when it is durable. */
  put(key: string, value: string): unknown;
  /** Of at most a hundred keys from `key` on. */
  range(key: string): unknown;
  /** CPU seconds of everything that serves, so far; undefined where that is the very process that asks. */
  cpuSeconds?(): number;
  close(): Promise<void>;
}

/** What is used of the package `lmdb`. */
interface Lmdb {
  open(options: object): {
    get(key: string): string | undefined;
    put(key: string, value: string): Promise<boolean>;
    getRange(options: { readonly start: string; readonly limit: number }): Iterable<unknown>;
    close(): Promise<void>;
  };
}

/** What is used of the package `etcd3`. */
interface Etcd {
  Etcd3: new (options: {
    readonly hosts: readonly string[];
  }) => {
    get(key: string): { string(): Promise<string | null> };
    put(key: string): { value(value: string): Promise<unknown> };
    getAll(): { inRange(range: object): { limit(count: number): { strings(): Promise<object> } } };
    close(): void;
  };
}

const peers = createRequire(join(import.meta.dir, "../peers/package.json"));
const encoder = new TextEncoder();

function runtimeOf() {
  return createSystemRuntime((_task, error) => {
    throw error;
  });
}

export async function embedded(directory: string): Promise<Contender> {
  const runtime = runtimeOf();
  const db = openDatabase(await openEmbedded(runtime, { path: join(directory, "embedded") }), { runtime });
  return ours("biplane, embedded", db);
}

function ours(name: string, db: ReturnType<typeof openDatabase>): Contender {
  return {
    name,
    get: (key) => db.transact((tx) => tx.get(encoder.encode(key))),
    put: (key, value) => db.transact(async (tx) => tx.set(encoder.encode(key), encoder.encode(value))),
    range: (key) => db.transact((tx) => tx.getRangeAll(encoder.encode(key), Uint8Array.of(0xff), { limit: 100 })),
    close: () => db.close(),
  };
}

/** LMDB as its package for Node batches it: many puts share a transaction, each is told when that is synced. */
export async function lmdb(directory: string): Promise<Contender> {
  const { open } = peers("lmdb") as Lmdb;
  const db = open({ path: join(directory, "lmdb"), encoding: "string", overlappingSync: false });
  return {
    name: "lmdb",
    get: (key) => db.get(key),
    put: (key, value) => db.put(key, value),
    range: (key) => [...db.getRange({ start: key, limit: 100 })],
    close: () => db.close(),
  };
}

/** SQLite used directly: a table, one commit for each put, synced. */
export async function sqlite(directory: string): Promise<Contender> {
  const db = new Sqlite(join(directory, "sqlite.db"), { create: true });
  db.run("PRAGMA journal_mode = WAL");
  db.run("PRAGMA synchronous = FULL");
  db.run("CREATE TABLE kv (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID");
  const [get, put, range] = [
    db.query("SELECT value FROM kv WHERE key = ?"),
    db.query("INSERT INTO kv VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"),
    db.query("SELECT key, value FROM kv WHERE key >= ? ORDER BY key LIMIT 100"),
  ];
  return {
    name: "sqlite",
    get: (key) => get.get(key),
    put: (key, value) => put.run(key, value),
    range: (key) => range.all(key),
    close: async () => db.close(),
  };
}

/** Three processes of ours. */
export async function cluster(directory: string): Promise<Contender> {
  const ports = [await freePort(), await freePort(), await freePort()];
  // Consensus has the port after each: far enough apart.
  const coordinators = ports.map((port, i) => `n${i + 1}=127.0.0.1:${port}`).join(",");
  const servers = await Promise.all(
    ports.map(async (port, i) => {
      const command = [process.execPath, join(import.meta.dir, "../../apps/biplane/main.ts"), "store", "serve"];
      const child = Bun.spawn([...command, "--node", `n${i + 1}`, "--coordinators", coordinators], {
        env: { ...process.env, BIPLANE_DATA: join(directory, `biplane-${i}`) },
        stdio: ["ignore", "ignore", "inherit"],
      });
      await untilListening(port);
      return measured("biplane", child, port, () => undefined);
    }),
  );
  const runtime = runtimeOf();
  const rpc = await openRpcNode(runtime, {
    onDefect: (error) => {
      throw error;
    },
  });
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  const db = openDatabase(connectCluster(runtime, { rpc, coordinators: addresses, patienceMs: 20_000 }), { runtime });
  return {
    ...ours("biplane, three nodes", db),
    ...together(servers),
    close: async () => {
      await db.close();
      await rpc.close();
      for (const server of servers) await server.stop();
    },
  };
}

/** Three processes of etcd, from Debian, with its defaults. */
export async function etcd(directory: string): Promise<Contender> {
  const { Etcd3 } = peers("etcd3") as Etcd;
  const nodes = await Promise.all(
    [1, 2, 3].map(async (n) => ({ name: `e${n}`, client: await freePort(), peer: await freePort() })),
  );
  const initial = nodes.map(({ name, peer }) => `${name}=http://127.0.0.1:${peer}`).join(",");
  const servers = await Promise.all(
    nodes.map(async ({ name, client, peer }) => {
      const data = join(directory, name);
      mkdirSync(data, { mode: 0o700 });
      const urls = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
      const child = Bun.spawn(
        [
          ...["etcd", "--name", name, "--data-dir", data, "--initial-cluster", initial, "--log-level", "error"],
          ...["--listen-client-urls", urls[0]!, "--advertise-client-urls", urls[0]!],
          ...["--listen-peer-urls", urls[1]!, "--initial-advertise-peer-urls", urls[1]!],
        ],
        { stdio: ["ignore", "ignore", "ignore"] },
      );
      await untilListening(client);
      return measured("etcd", child, client, () => undefined);
    }),
  );
  const db = new Etcd3({ hosts: nodes.map(({ client }) => `127.0.0.1:${client}`) });
  return {
    name: "etcd, three nodes",
    get: (key) => db.get(key).string(),
    put: (key, value) => db.put(key).value(value),
    range: (key) => db.getAll().inRange({ start: key, end: "\u007f" }).limit(100).strings(),
    ...together(servers),
    close: async () => {
      db.close();
      for (const server of servers) await server.stop();
    },
  };
}

function together(servers: readonly ServerProcess[]): Pick<Contender, "cpuSeconds"> {
  return { cpuSeconds: () => servers.reduce((sum, server) => sum + server.cpuSeconds(), 0) };
}
