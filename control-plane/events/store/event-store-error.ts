/** Why a store refuses. */

export type EventStoreErrorCode =
  /**
   * This opener has the log no more: another control plane opened it later and owns it now (stop; restart only if the other one is gone), or the log has lost events that it held
   * before (stop, and restart: what is in memory is not what is in the log).
   */
  | "Deposed"
  /** The batch does not continue the log: a defect of the program, or a second writer. */
  | "Misnumbered"
  /** The storage failed; check the disk. */
  | "Unavailable"
  /** The store was closed. */
  | "Closed";

export class EventStoreError extends Error {
  override readonly name = "EventStoreError";
  readonly code: EventStoreErrorCode;

  constructor(code: EventStoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Another one owns the log. */
export function deposedError(current: number, own: number): EventStoreError {
  return new EventStoreError("Deposed", `epoch ${current} has taken over this event log from epoch ${own}`);
}

/** The log was put back to an earlier state while it was open: a failover to a copy that was behind, or a backup. */
export function lostEventsError(head: number, known: number): EventStoreError {
  const found = `the log ends at event ${head}, but event ${known} was in it before`;
  return new EventStoreError("Deposed", `${found}; restart to go on from what the log holds`);
}
