/**
 * On which nodes the parts without a disk run.
 */

/** Where each of them starts, by the name of the node. */
export interface ComponentPlaces {
  readonly sequencer: string;
  readonly proxies: readonly string[];
  readonly resolvers: readonly string[];
}

/** Deals them to the nodes in turn. `undefined` without a node. */
export function placeComponents(
  nodes: readonly string[],
  counts: { readonly proxies: number; readonly resolvers: number },
): ComponentPlaces | undefined {
  if (nodes.length === 0) return undefined;
  let next = 0;
  const deal = (): string => nodes[next++ % nodes.length]!;
  const sequencer = deal();
  const proxies = Array.from({ length: Math.max(1, counts.proxies) }, deal);
  const resolvers = Array.from({ length: counts.resolvers }, deal);
  return { sequencer, proxies, resolvers };
}
