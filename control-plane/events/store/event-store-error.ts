/** Why a store refuses. */

export type EventStoreErrorCode =
  /** Another control plane opened this log later and owns it now. Stop; restart only if the other one is gone. */
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

/** The words for `Deposed`, the same in every store. */
export function deposedError(current: number, own: number): EventStoreError {
  return new EventStoreError("Deposed", `epoch ${current} has taken over this event log from epoch ${own}`);
}
