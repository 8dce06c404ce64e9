/**
 * Whether a recovery now would give what is wanted, where the layout that runs does not.
 */
import type { RecoveryNode } from "../recovery-view.ts";

/** Nodes that could hold a log and hold none, while the logs are on fewer nodes than there shall be logs. */
export function nodesForMoreLogs(
  logNodes: readonly string[],
  wanted: number,
  nodes: readonly RecoveryNode[],
): readonly RecoveryNode[] {
  const used = new Set(logNodes);
  if (used.size >= wanted) return [];
  return nodes.filter(({ node, capabilities }) => capabilities.includes("log") && !used.has(node));
}
