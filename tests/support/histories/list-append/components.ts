/**
 * Strongly connected components: where the cycles of a graph are.
 */

/**
 * Those with more than one node: every node of one lies on a cycle, and no cycle leaves one. In time that grows with the edges (Tarjan, "Depth-first search and
 * linear graph algorithms", 1972), without recursion.
 *
 * @param next where edges lead from a node; no node has an edge to itself
 */
export function cyclicComponents<Node>(
  nodes: Iterable<Node>,
  next: (node: Node) => readonly Node[],
): readonly (readonly Node[])[] {
  const number = new Map<Node, number>();
  const lowest = new Map<Node, number>();
  const open = new Set<Node>();
  const stack: Node[] = [];
  const components: Node[][] = [];

  for (const root of nodes) {
    if (number.has(root)) continue;
    const path = [enter(root)];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { node, edges } = top;
      const to = edges[top.at++];
      if (to !== undefined) {
        if (!number.has(to)) path.push(enter(to));
        else if (open.has(to)) lower(node, number.get(to)!);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) lower(parent.node, lowest.get(node)!);
      if (lowest.get(node) === number.get(node)) close(node);
    }
  }
  return components;

  function enter(node: Node): { readonly node: Node; readonly edges: readonly Node[]; at: number } {
    number.set(node, number.size);
    lowest.set(node, number.get(node)!);
    open.add(node);
    stack.push(node);
    return { node, edges: next(node), at: 0 };
  }

  function lower(node: Node, to: number): void {
    lowest.set(node, Math.min(lowest.get(node)!, to));
  }

  function close(root: Node): void {
    const from = stack.lastIndexOf(root);
    const component = stack.splice(from);
    for (const node of component) open.delete(node);
    if (component.length > 1) components.push(component);
  }
}
