/**
 * Which nodes answer, and which workers they have: the directory may not have noticed yet that a node is gone.
 */
import { type Attempt, hostAt, type LiveHost } from "../attempt.ts";
import { callAll, type Outcome, replies } from "../calls.ts";

export async function surveyHosts(attempt: Attempt): Promise<readonly LiveHost[]> {
  const { view, scope, options, memory } = attempt;
  const settle = {
    // Which of them are dead is not known: once most have answered, the others have a little longer.
    enough: (done: readonly Outcome<unknown, unknown>[]) => replies(done).length * 2 > view.nodes.length,
    graceMs: options.lockGraceMs,
  };
  const outcomes = await callAll(scope, view.nodes, { timeoutMs: options.lockMs, settle }, (node, call) =>
    hostAt(attempt, node.address).listWorkers({ from: attempt.director }, call),
  );
  const hosts = replies(outcomes).map(({ item: { node, address, capabilities }, reply: { workers } }) => ({
    node,
    address,
    capabilities,
    workers,
  }));
  // Those where nothing has failed come first; the order is the directory's otherwise, so that every attempt plans alike.
  return [...hosts].sort((a, b) => Number(memory.suspects.has(a.node)) - Number(memory.suspects.has(b.node)));
}

/** Hosts of one capability. */
export function hostsThatCan(
  hosts: readonly LiveHost[],
  capability: LiveHost["capabilities"][number],
): readonly LiveHost[] {
  return hosts.filter(({ capabilities }) => capabilities.includes(capability));
}
