/** How one request of a batch ended, in a form that crosses threads. */

/** An error without its class: what is left of it on the other side of a thread. */
export interface FailedOutcome {
  readonly ok: false;
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  /** Whatever the thrower attached; must survive structured cloning. */
  readonly details?: unknown;
}

export type Outcome<Value> = { readonly ok: true; readonly value: Value } | FailedOutcome;
