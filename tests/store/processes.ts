/**
 * A cluster of real processes on this machine, which a test may kill, pause and start again.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Coordinators, connectCluster } from "#data-plane/store/cluster";
import { openRpcNode, type RpcNode } from "#foundation/rpc";
import { createSystemRuntime, type Runtime } from "#foundation/runtime";
import type { ClusterView } from "#foundation/store-protocol";
import type { ClientPlace } from "./workload.ts";

/** Where nodes run, if not beside each other on loopback. */
export interface ClusterNetwork {
  addressOf(name: string): string;
  prefixOf(name: string): readonly string[];
}

const BIPLANE = join(import.meta.dir, "../../biplane");

const KEY_FILE = "key";

export class ProcessCluster {
  readonly runtime: Runtime;
  private readonly children = new Map<string, ChildProcess>();

  private constructor(
    readonly directory: string,
    /** `n1=127.0.0.1:…,n2=…` */
    readonly coordinators: string,
    readonly names: readonly string[],
    private readonly rpc: RpcNode,
    runtime: Runtime,
    private readonly network: ClusterNetwork | undefined,
  ) {
    this.runtime = runtime;
  }

  /** Starts nodes that are all coordinators. */
  static async start(names: readonly string[], network?: ClusterNetwork): Promise<ProcessCluster> {
    const directory = mkdtempSync(join(tmpdir(), "biplane-store-"));
    const list: string[] = [];
    for (const name of names) {
      // In a namespace of its own every port is free.
      list.push(
        `${name}=${network === undefined ? `127.0.0.1:${await freePair()}` : `${network.addressOf(name)}:7000`}`,
      );
    }
    const key = network === undefined ? undefined : writeKey(join(directory, KEY_FILE));
    const runtime = createSystemRuntime((_task, error) => {
      throw error;
    });
    const rpc = await openRpcNode(runtime, {
      key,
      onDefect: (error) => {
        throw error;
      },
    });
    const cluster = new ProcessCluster(directory, list.join(","), names, rpc, runtime, network);
    for (const name of names) cluster.startNode(name);
    return cluster;
  }

  /** Where clients are. */
  get clients(): ClientPlace {
    const coordinators = this.addresses;
    const { runtime, rpc } = this;
    return { runtime, connect: async () => connectCluster(runtime, { rpc, coordinators, patienceMs: 10_000 }) };
  }

  startNode(name: string): void {
    const log = openSync(join(this.directory, `${name}.log`), "a");
    const options = ["--node", name, "--coordinators", this.coordinators, "--share-nodes"];
    const key = this.network === undefined ? [] : ["--key-file", join(this.directory, KEY_FILE)];
    const [program, ...args] = [...(this.network?.prefixOf(name) ?? []), BIPLANE, "store", "serve", ...options, ...key];
    const child = spawn(program!, args, {
      env: { ...process.env, BIPLANE_DATA: join(this.directory, name) },
      stdio: ["ignore", log, log],
      detached: true,
    });
    this.children.set(name, child);
  }

  /** Sends a signal to the node, and to what it was started with. */
  signal(name: string, signal: "SIGKILL" | "SIGSTOP" | "SIGCONT" | "SIGTERM"): void {
    const { pid } = this.children.get(name)!;
    try {
      process.kill(-pid!, signal);
    } catch {
      // It has ended by itself.
    }
  }

  /** `kill -9`. */
  kill(name: string): Promise<void> {
    return this.end(name, "SIGKILL");
  }

  /** Tells it to stop, and waits until it has. */
  stop(name: string): Promise<void> {
    return this.end(name, "SIGTERM");
  }

  private async end(name: string, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.children.get(name)!;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    this.signal(name, signal);
    await ended;
  }

  /** The cluster as its leader sees it, once `holds`. */
  async until(holds: (view: ClusterView) => boolean, timeoutMs = 60_000): Promise<ClusterView> {
    const signal = AbortSignal.timeout(timeoutMs);
    const asked = new Coordinators(this.runtime, this.rpc, this.addresses);
    for (;;) {
      const view = await asked.askLeader(
        (leader, call) => leader.view({ after: 0, waitMs: 0 }, { ...call, timeoutMs: 1_000 }),
        { signal },
      );
      if (holds(view)) return view;
      await Bun.sleep(10);
    }
  }

  logOf(name: string): string {
    return readFileSync(join(this.directory, `${name}.log`), "utf8");
  }

  async close(): Promise<void> {
    await this.rpc.close();
    for (const name of this.names) await this.kill(name);
    rmSync(this.directory, { recursive: true, force: true });
  }

  private get addresses(): readonly string[] {
    return this.coordinators.split(",").map((one) => one.split("=")[1]!);
  }
}

/** A key for the nodes and clients: beyond loopback they must have one. @returns its bytes */
function writeKey(file: string): Uint8Array {
  const key = crypto.getRandomValues(new Uint8Array(32));
  writeFileSync(file, key, { mode: 0o600 });
  return key;
}

/** A port that is free, with a free one after it. */
async function freePair(): Promise<number> {
  for (;;) {
    const first = createServer();
    const port = await listening(first, 0);
    const second = createServer();
    const pair = port < 65_535 && (await listening(second, port + 1)) > 0;
    await Promise.all([first, second].map((server) => new Promise((resolve) => server.close(resolve))));
    if (pair) return port;
  }
}

/** The port, or 0 when it is taken. */
function listening(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve) => {
    server.once("error", () => resolve(0));
    server.listen(port, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
  });
}
