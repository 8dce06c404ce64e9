/**
 * When a draining instance is quiet: every connected edge has said that nothing is being answered any more by what its configurations up to then took away.
 * Only then does its node ask the program to end, so that no request is cut off. Pure bookkeeping.
 */
import type { EventId } from "#contracts";

interface EdgeState {
  /** Cursor of the last configuration that was sent to it. */
  sent: EventId;
  /** Up to here nothing has changed for edges since that configuration. */
  covers: EventId;
  /** What the edge has said. */
  quiet: EventId;
}

interface Draining {
  readonly nodeId: string;
  /** The event that told it to drain. */
  readonly since: EventId;
}

export class QuietWatch {
  readonly #edges = new Map<string, EdgeState>();
  readonly #draining = new Map<string, Draining>();
  /** Whether all edges that there may be are known. */
  settled = true;

  /** @param edgeId a new connection of it starts from nothing */
  edgeConnected(edgeId: string): void {
    this.#edges.set(edgeId, { sent: 0 as EventId, covers: 0 as EventId, quiet: 0 as EventId });
  }

  /** It has stopped, or nobody has heard of it for long. One that has only lost its connection still sends requests by its last configuration: do not call it gone. */
  edgeGone(edgeId: string): void {
    this.#edges.delete(edgeId);
  }

  /** A configuration went out. */
  sent(edgeId: string, cursor: EventId): void {
    const edge = this.#edges.get(edgeId);
    if (edge !== undefined) Object.assign(edge, { sent: cursor, covers: cursor });
  }

  /** Nothing that concerns edges has happened up to the cursor since the last configuration. */
  unchanged(edgeId: string, cursor: EventId): void {
    const edge = this.#edges.get(edgeId);
    if (edge !== undefined && cursor > edge.covers) edge.covers = cursor;
  }

  said(edgeId: string, quietThrough: EventId): void {
    const edge = this.#edges.get(edgeId);
    if (edge !== undefined && quietThrough > edge.quiet) edge.quiet = quietThrough;
  }

  drains(instanceId: string, nodeId: string, since: EventId): void {
    if (!this.#draining.has(instanceId)) this.#draining.set(instanceId, { nodeId, since });
  }

  ended(instanceId: string): void {
    this.#draining.delete(instanceId);
  }

  /** Without any edge connected nobody can know: then the node waits for the whole grace. */
  isQuiet(instanceId: string): boolean {
    const draining = this.#draining.get(instanceId);
    return draining !== undefined && draining.since <= this.#through();
  }

  /** Nodes on which something drains that is quiet now. */
  quietNodes(): ReadonlySet<string> {
    const through = this.#through();
    const nodes = new Set<string>();
    for (const { nodeId, since } of this.#draining.values()) if (since <= through) nodes.add(nodeId);
    return nodes;
  }

  #through(): EventId {
    if (!this.settled || this.#edges.size === 0) return 0 as EventId;
    let least = Number.POSITIVE_INFINITY;
    for (const { sent, covers, quiet } of this.#edges.values()) {
      // An edge that is quiet as of its last configuration is quiet as of everything that this configuration covers.
      least = Math.min(least, sent > 0 && quiet >= sent ? Math.max(covers, quiet) : quiet);
    }
    return least as EventId;
  }
}
