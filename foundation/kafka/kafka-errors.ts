/** Why a message was not acknowledged. What to do differs: send again, find out, or change it. */

/** No broker has it: it may be sent again. */
export class KafkaUnavailable extends Error {}

/** It was sent, and no broker has said what became of it. */
export class KafkaUncertain extends Error {
  /** Whether it was waited for in vain; otherwise the connection was lost. */
  readonly isLate: boolean;

  constructor(message: string, isLate: boolean) {
    super(message);
    this.isLate = isLate;
  }
}

/** The cluster has said that it will not take it. */
export class KafkaRefused extends Error {
  /** Whether a smaller one would have been taken. */
  readonly isTooLarge: boolean;

  constructor(message: string, isTooLarge = false) {
    super(message);
    this.isTooLarge = isTooLarge;
  }
}
