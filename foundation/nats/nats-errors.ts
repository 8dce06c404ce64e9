/** Why a message was not confirmed. What to do differs: send again, find out, or change it. */

/** There is no server, or it takes no more: the message was not sent, and may be sent again. */
export class NatsUnavailable extends Error {}

/** The message was sent and nobody has confirmed it: it may have been taken or not. */
export class NatsUncertain extends Error {
  /** Whether it was waited for in vain; otherwise the connection was lost. */
  readonly isLate: boolean;

  constructor(message: string, isLate: boolean) {
    super(message);
    this.isLate = isLate;
  }
}

/** A server, or the stream, has said that it will not take it. */
export class NatsRefused extends Error {
  /** Whether a smaller one would have been taken. */
  readonly isTooLarge: boolean;

  constructor(message: string, isTooLarge = false) {
    super(message);
    this.isTooLarge = isTooLarge;
  }
}
