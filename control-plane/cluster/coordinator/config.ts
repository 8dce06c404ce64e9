/**
 * How a cluster is to be made: what may be asked for.
 */
import type { ClusterConfig } from "#foundation/store-protocol";

/** One of everything: a cluster of one node. */
export const SINGLE: ClusterConfig = { logs: 1, replicas: 1, proxies: 1, resolvers: 1, splits: [] };

const PARTS_MAX = 64;
const SPLITS_MAX = 1_000;

/** What is wrong with a configuration, as a sentence; undefined when nothing is. */
export function configProblem({ splits, ...counts }: ClusterConfig): string | undefined {
  for (const [name, count] of Object.entries(counts)) {
    if (count < 1 || count > PARTS_MAX) return `${name} is ${count}; 1 to ${PARTS_MAX} are allowed`;
  }
  if (splits.length > SPLITS_MAX) return `there are ${splits.length} splits; at most ${SPLITS_MAX} are allowed`;
  let before = new Uint8Array(0);
  for (const split of splits) {
    if (Buffer.compare(before, split) >= 0) return "splits are keys in ascending order, and not empty";
    if (split[0]! >= 0xff) return "splits are keys below 0xFF";
    before = new Uint8Array(split);
  }
  return undefined;
}
