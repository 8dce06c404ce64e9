/** `biplane store serve`: a node of a store's cluster, with a coordinator where it is one of them. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { untilToldToStop } from "#apps/control";
import { openClusterControl } from "#control-plane/cluster";
import { openNode } from "#data-plane/store/node";
import { takeProcessLock } from "#foundation/files";
import { openRpcNode, parseAddress } from "#foundation/rpc";
import { createSystemRuntime } from "#foundation/runtime";
import type { ClusterConfig, NodeRecord } from "#foundation/store-protocol";
import { createLogger, type LogLevel } from "#foundation/telemetry";

export interface StoreCommandOptions {
  readonly directory: string;
  readonly name: string;
  /** `host:port` by which others reach it. */
  readonly address: string;
  /** Where it listens, when that is another host. */
  readonly bindHost?: string | undefined;
  readonly coordinators: readonly { readonly name: string; readonly address: string }[];
  readonly capabilities: NodeRecord["capabilities"];
  /** Of a cluster that has none yet. */
  readonly firstConfig: ClusterConfig;
  /** Several logs, or copies of the same data, may be on one node: for trying things out on one machine. */
  readonly mayShareNodes: boolean;
  readonly key?: Uint8Array | undefined;
  readonly logLevel: LogLevel;
  readonly version: string;
  readonly print: (line: string) => void;
}

/**
 * Serves until SIGINT or SIGTERM, or until its disk fails.
 * @returns the exit code: 7 when it has ended by itself
 * @throws ProcessLocked when another process has the directory; NetworkError when it cannot listen
 */
export async function runStore(options: StoreCommandOptions): Promise<number> {
  const { name, directory, coordinators, key, print } = options;
  const logger = createLogger({ level: options.logLevel });
  for (const part of ["raft", "node"]) mkdirSync(join(directory, part), { recursive: true, mode: 0o700 });
  const lock = takeProcessLock(join(directory, "lock"));
  const ended = Promise.withResolvers<number>();
  const fail = (what: string, error: unknown): void => {
    logger.error(what, { error });
    ended.resolve(7);
  };
  const runtime = createSystemRuntime((task, error) => fail("a task has failed", { task, error }));
  const { host, port } = parseAddress(options.address);
  const rpc = await openRpcNode(runtime, {
    listen: { host: options.bindHost ?? host, port },
    advertisedHost: host,
    key,
    onDefect: (error) => logger.error("a call has failed by a defect", { error }),
  });
  const control = coordinators.some((one) => one.name === name)
    ? await openClusterControl(runtime, {
        name,
        peers: coordinators,
        directory: join(directory, "raft"),
        rpc,
        key,
        ...(options.bindHost === undefined ? {} : { bindHost: options.bindHost }),
        firstConfig: options.firstConfig,
        director: { mayShareNodes: options.mayShareNodes },
        onFailure: (error) => fail("the coordinator has failed", error),
      })
    : undefined;
  const node = await openNode(runtime, {
    name,
    directory: join(directory, "node"),
    rpc,
    coordinators: coordinators.map(({ address }) => address),
    capabilities: options.capabilities,
    onWorkerFailure: (worker, error) => logger.error("a worker has failed", { worker, error }),
    onReplaced: () => fail("a node of the same name was started after this one", { name }),
  });
  print(`Biplane ${options.version}, store`);
  print(`  node          ${name} at ${rpc.address}`);
  print(`  coordinators  ${coordinators.map((one) => `${one.name}=${one.address}`).join(", ")}`);
  print(`  data          ${directory}`);
  print("ready");
  const code = await Promise.race([untilToldToStop().then(() => 0), ended.promise]);
  await node.close();
  await control?.close();
  await rpc.close();
  lock.release();
  return code;
}
