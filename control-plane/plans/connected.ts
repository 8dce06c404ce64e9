/** Which agents and edges are connected, and what they last said. In memory only: never an event. */
import type { AgentStatus, EdgeStatus, EventId } from "#contracts";

/** A connection as `status` shows it. */
export interface Connected<Status> {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** `in process` or the peer's address. */
  readonly via: string;
  /** Milliseconds since 1970. */
  readonly connectedAt: number;
  readonly lastHeardAt: number;
  readonly appliedThrough: EventId | undefined;
  readonly status: Status | undefined;
}

export type ConnectedAgent = Connected<AgentStatus> & {
  /** Why it cannot run instances; undefined when it can. */
  readonly degraded: string | undefined;
};
export type ConnectedEdge = Connected<EdgeStatus>;

interface Entry<Plane> {
  plane: Plane;
  readonly end: (reason: string) => void;
}

/** A list of connections of one kind; each id once. */
export class ConnectedList<Plane extends Connected<unknown>> {
  readonly #entries = new Map<string, Entry<Plane>>();

  get size(): number {
    return this.#entries.size;
  }

  /** One that is on the list already has come back before its old connection was known to be dead: that one is ended. */
  add(plane: Plane, end: (reason: string) => void): { update(changes: Partial<Plane>): void; remove(): void } {
    this.#entries.get(plane.id)?.end("it has connected anew");
    const entry: Entry<Plane> = { plane, end };
    this.#entries.set(plane.id, entry);
    return {
      update(changes) {
        entry.plane = { ...entry.plane, ...changes };
      },
      remove: () => {
        if (this.#entries.get(plane.id) === entry) this.#entries.delete(plane.id);
      },
    };
  }

  get(id: string): Plane | undefined {
    return this.#entries.get(id)?.plane;
  }

  end(id: string, reason: string): void {
    this.#entries.get(id)?.end(reason);
  }

  /** By name. */
  list(): readonly Plane[] {
    return Array.from(this.#entries.values(), ({ plane }) => plane).sort((left, right) =>
      left.name + left.id < right.name + right.id ? -1 : 1,
    );
  }
}
