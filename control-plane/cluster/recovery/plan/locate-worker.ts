/**
 * Where a worker is now.
 */
import type { Ref } from "#foundation/rpc";
import type { RecoveryNode } from "../recovery-view.ts";

/** The worker of a layout at the address that its node has today; where nobody has registered it, where it was. */
export function locateWorker(ref: Ref, nodes: readonly RecoveryNode[]): Ref {
  const node = nodes.find(({ workers }) => workers.some(({ id }) => id === ref.id));
  return node === undefined ? ref : { address: node.address, id: ref.id };
}
