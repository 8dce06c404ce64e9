/** What the transport itself says; services have codes of their own beside these. */
export type TransportFailure =
  /** No answer in time. The call may have had its effect, or may yet have it. */
  | "timed_out"
  /** The connection could not be made. The call had no effect. */
  | "not_sent"
  /** The connection was lost. The call may have had its effect. */
  | "unreachable"
  /** The caller has given up, or this side has been closed. */
  | "cancelled"
  /** Nothing there has this id: it has ended, or never was. The call had no effect. */
  | "no_such_component"
  /** Too many calls of this caller are being answered. The call had no effect. */
  | "overloaded"
  /** The request or the reply is not what its codec reads. */
  | "malformed"
  /** The other side speaks another version of the protocol. */
  | "incompatible"
  /** Only one side has a key, or they have different ones. The call had no effect. */
  | "unauthorized"
  /** The handler threw something that it was not meant to throw. */
  | "failed";

/** A call that failed: by the service's word, or the transport's. */
export class RpcError extends Error {
  override readonly name = "RpcError";

  constructor(
    /** A `TransportFailure`, or a code that the service declares. */
    readonly code: string,
    message: string,
    /** A number that belongs to the code, such as the epoch that is newer. */
    readonly detail?: bigint,
  ) {
    super(message);
  }

  /** Whether the call certainly had no effect, as far as the transport knows. */
  get hadNoEffect(): boolean {
    return !["timed_out", "unreachable", "cancelled", "failed"].includes(this.code);
  }
}
