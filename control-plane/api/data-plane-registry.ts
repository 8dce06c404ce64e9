/** Which data planes are connected, and what they last said about themselves. In memory only: never an event. */
import type { DataPlaneId, DataPlaneStatus, EventId } from "#contracts";

/** One connected data plane as `status` shows it. */
export interface ConnectedDataPlane {
  readonly dataPlaneId: DataPlaneId;
  readonly name: string;
  readonly kind: "services";
  readonly version: string;
  /** `in process` or the peer's address. */
  readonly via: string;
  /** Milliseconds since 1970. */
  readonly connectedAt: number;
  /** Undefined until the first heartbeat. */
  readonly lastHeartbeatAt: number | undefined;
  /** Everything up to here is in its catalog; undefined until the first heartbeat. */
  readonly appliedThrough: EventId | undefined;
  readonly status: DataPlaneStatus | undefined;
}

/** One connection. */
export interface RegistryEntry {
  heartbeat(at: number, appliedThrough: EventId, status: DataPlaneStatus): void;
  /** Takes the data plane off the list, unless a newer connection of it has taken the entry over. */
  remove(): void;
}

export class DataPlaneRegistry {
  readonly #planes = new Map<
    DataPlaneId,
    { readonly token: object; plane: ConnectedDataPlane; readonly end: (reason: string) => void }
  >();

  get size(): number {
    return this.#planes.size;
  }

  /**
   * Puts a data plane on the list. One that is on it already has come back before its old connection was known to be dead: that one is ended.
   * @param end ends the connection
   */
  add(
    plane: Pick<ConnectedDataPlane, "dataPlaneId" | "name" | "kind" | "version" | "via" | "connectedAt">,
    end: (reason: string) => void,
  ): RegistryEntry {
    const { dataPlaneId } = plane;
    this.end(dataPlaneId, "this data plane has connected anew");
    const token = {};
    const entry = {
      token,
      plane: { ...plane, lastHeartbeatAt: undefined, appliedThrough: undefined, status: undefined },
      end,
    };
    this.#planes.set(dataPlaneId, entry);
    const current = () => {
      const now = this.#planes.get(dataPlaneId);
      return now?.token === token ? now : undefined;
    };
    return {
      heartbeat(lastHeartbeatAt, appliedThrough, status) {
        const now = current();
        if (now !== undefined) now.plane = { ...now.plane, lastHeartbeatAt, appliedThrough, status };
      },
      remove: () => {
        if (current() !== undefined) this.#planes.delete(dataPlaneId);
      },
    };
  }

  has(dataPlaneId: DataPlaneId): boolean {
    return this.#planes.has(dataPlaneId);
  }

  /** Ends the connection of a data plane, if it has one. */
  end(dataPlaneId: DataPlaneId, reason: string): void {
    this.#planes.get(dataPlaneId)?.end(reason);
  }

  /** All of them, by name. */
  list(): readonly ConnectedDataPlane[] {
    return Array.from(this.#planes.values(), (entry) => entry.plane).sort((left, right) =>
      left.name === right.name ? (left.dataPlaneId < right.dataPlaneId ? -1 : 1) : left.name < right.name ? -1 : 1,
    );
  }
}
