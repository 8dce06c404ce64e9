/**
 * Where new logs, and the storage servers of a new cluster, come to be.
 */

/** A node that answers and has the capability. */
export interface PlaceNode {
  readonly node: string;
  /** Workers of the kind that belong to no layout, and may be taken. */
  readonly idle: readonly string[];
}

/** An idle worker to be taken, or, without one, a new worker to be made. */
export interface Place {
  readonly node: string;
  readonly idle: string | undefined;
}

export interface PlacesWanted {
  readonly desired: number;
  /** Fewer would not do. */
  readonly minimum: number;
  /** In order of preference. */
  readonly nodes: readonly PlaceNode[];
  /** What is recruited already: the nodes of those workers, one for each. */
  readonly taken: readonly string[];
  readonly mayShareNodes: boolean;
}

/** `needed` more workers than there are, and `have` nodes that could hold one. */
export interface TooFewPlaces {
  readonly needed: number;
  readonly have: number;
}

/**
 * Spreads workers: each on a node of its own; those with an idle worker first. A node holds a second one only when `mayShareNodes` and none is free.
 * Never more than are lacking of `desired`; fewer when there are fewer nodes, as long as the minimum is met.
 */
export function choosePlaces(wanted: PlacesWanted): readonly Place[] | TooFewPlaces {
  const { desired, minimum, nodes, taken, mayShareNodes } = wanted;
  const lacking = desired - taken.length;
  const free = nodes.filter(({ node }) => !taken.includes(node));
  const chosen: Place[] = [
    ...free.filter(({ idle }) => idle.length > 0),
    ...free.filter(({ idle }) => idle.length === 0),
  ]
    .slice(0, Math.max(0, lacking))
    .map(({ node, idle }) => ({ node, idle: idle[0] }));
  if (mayShareNodes && nodes.length > 0) {
    for (let turn = 0; chosen.length < lacking; turn++) {
      const { node, idle } = nodes[turn % nodes.length]!;
      const used = chosen.filter((place) => place.node === node && place.idle !== undefined).length;
      chosen.push({ node, idle: idle[used] });
    }
  }
  if (chosen.length + taken.length < minimum) {
    const unfilled = minimum - taken.length - chosen.filter(({ idle }) => idle !== undefined).length;
    return { needed: unfilled, have: chosen.filter(({ idle }) => idle === undefined).length };
  }
  return chosen;
}
