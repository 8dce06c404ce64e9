/**
 * The host of a node: makes and removes workers (what has a disk), starts and stops components (what has not).
 */
import { bytes, list, nothing, oneOf, record, text, u32, type ValueOf, variant } from "#foundation/binary";
import { method } from "#foundation/rpc";
import { epoch, ref, version } from "./values.ts";

const workerKind = oneOf("log", "storage");
const worker = record({ id: text, kind: workerKind });

const startComponent = variant({
  sequencer: record({ recoveryVersion: version, firstVersion: version }),
  resolver: record({ begin: bytes, end: bytes, recoveryVersion: version }),
  proxy: record({ token: bytes }),
});

export const HOST = {
  /** The id under which the services of the host are found is `host`. */
  listWorkers: method(record({ from: text }), record({ workers: list(worker) })),
  /** Makes the directory of a new, locked worker and starts it; repeated, it is the same one. Fails with incapable, newer_epoch. */
  createWorker: method(record({ epoch, director: text, id: text, kind: workerKind }), ref),
  /** Stops the worker and removes all it has on disk. Whether it is there or not. */
  removeWorker: method(record({ epoch, director: text, id: text }), nothing),
  /**
   * Starts a component of the epoch under an id of the director's choice, which is never used twice. It ends by itself when its lease does.
   * Fails with incapable, newer_epoch.
   */
  startComponent: method(record({ epoch, director: text, id: text, leaseMs: u32, component: startComponent }), ref),
  /** Stops one component; one that is not there is stopped already. */
  stopComponent: method(record({ epoch, director: text, id: text }), nothing),
  /** Prolongs the leases of all components that the director has on this host, and says which run. Fails with newer_epoch. */
  renew: method(
    record({ epoch, director: text, leaseMs: u32 }),
    record({ components: list(text), workers: list(text) }),
  ),
};

export type WorkerKind = ValueOf<typeof workerKind>;
export type StartComponent = ValueOf<typeof startComponent>;
