/** What ends a call into a module. */

/** `instructions`: it did too much; `busy`: so many calls are waiting that this one was not made. */
export type FaultKind = "trap" | "instructions" | "stack" | "fault" | "bad-answer" | "busy";

/** The request is answered with 500, and the instance is thrown away. */
export class GuestFault extends Error {
  override readonly name = "GuestFault";

  constructor(
    readonly kind: FaultKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What functions of the host return in the place of a length. */
export const CODE = {
  ok: 0,
  /** There is no such thing. */
  notThere: -1,
  /** Not in this function, or not of this request. */
  notNow: -2,
  /** What was given has not the form that it must have. */
  invalid: -3,
  /** A limit is reached. */
  noRoom: -4,
  /** The server is none of those that are declared. */
  refused: -5,
  /** The server did not answer. */
  failed: -6,
  /** There was no answer in time. */
  timeout: -7,
} as const;
