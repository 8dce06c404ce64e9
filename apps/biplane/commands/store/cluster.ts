/** A command's way to a cluster. */
import { Coordinators } from "#data-plane/store/cluster";
import { openRpcNode, type RpcNode } from "#foundation/rpc";
import { createSystemRuntime, type Runtime } from "#foundation/runtime";
import type { CommandContext } from "../../cli/command.ts";
import { coordinatorsSetting, keySetting } from "./settings.ts";

export interface ClusterAccess {
  readonly runtime: Runtime;
  readonly rpc: RpcNode;
  readonly addresses: readonly string[];
  readonly coordinators: Coordinators;
  /** Aborted when the user has enough, or a coordinator has not answered for ten seconds. */
  readonly signal: AbortSignal;
}

const PATIENCE_MS = 10_000;

/** Runs with connections that are closed afterwards. */
export async function withCluster<T>(context: CommandContext, run: (access: ClusterAccess) => Promise<T>): Promise<T> {
  const addresses = coordinatorsSetting(context).map(({ address }) => address);
  const key = keySetting(context);
  const runtime = createSystemRuntime((_task, error) => {
    throw error;
  });
  const rpc = await openRpcNode(runtime, {
    key,
    onDefect: (error) => {
      throw error;
    },
  });
  try {
    const signal = AbortSignal.any([context.signal, AbortSignal.timeout(PATIENCE_MS)]);
    return await run({ runtime, rpc, addresses, coordinators: new Coordinators(runtime, rpc, addresses), signal });
  } finally {
    await rpc.close();
  }
}
