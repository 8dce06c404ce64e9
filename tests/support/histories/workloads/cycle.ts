/**
 * Cycle: nodes in a ring, each with the name of the next one; transactions take a node out of its place and put it in another. Whatever they do one after the
 * other, the ring stays one ring of all nodes (FoundationDB's `Cycle` workload).
 */

/** @returns what is wrong, as a sentence; undefined when it is one ring through every node */
export function checkRing(next: ReadonlyMap<string, string>, nodes: readonly string[]): string | undefined {
  const known = new Set(nodes);
  for (const node of nodes) {
    const to = next.get(node);
    if (to === undefined) return `Node ${node} is missing.`;
    if (!known.has(to)) return `Node ${node} leads to ${to}, which is none.`;
  }
  const strange = [...next.keys()].find((node) => !known.has(node));
  if (strange !== undefined) return `${strange} is no node.`;
  const start = nodes[0];
  if (start === undefined) return undefined;
  const seen = new Set<string>();
  let at = start;
  for (; !seen.has(at); at = next.get(at)!) seen.add(at);
  if (at !== start) return `The way from ${start} comes to ${at} again and never back.`;
  return seen.size === known.size ? undefined : `The ring from ${start} has ${seen.size} of ${known.size} nodes.`;
}
