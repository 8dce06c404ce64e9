/**
 * What clients did to one object that they share, and what they were told.
 */

/**
 * - `ok`: it happened between its call and its return, and said this.
 * - `unknown`: nobody answered. It takes effect at some moment after its call, however late, or never.
 * - `failed`: it is known to have changed nothing. What it was told does not count.
 *
 * A refusal that says something of the state (a compare-and-set that did not match) is an `ok` answer.
 */
export type Outcome<Output> =
  | { readonly type: "ok"; readonly output: Output }
  | { readonly type: "unknown" }
  | { readonly type: "failed" };

/** One call of a client. Times are on one clock; those of one instant count as concurrent. */
export interface Operation<Input, Output> {
  readonly client: string | number;
  readonly input: Input;
  readonly called: number;
  /** Not looked at unless the outcome is `ok`. */
  readonly returned: number;
  readonly outcome: Outcome<Output>;
}

/**
 * What the object does when it is used by one client at a time. Every function is pure; no state is `undefined`.
 */
export interface Model<State, Input, Output> {
  readonly initial: State;
  /**
   * The state after `input`, or undefined when the object in this state would not have answered so.
   *
   * @param answer undefined when nobody knows it; every answer then fits
   */
  step(state: State, input: Input, answer: { readonly output: Output } | undefined): State | undefined;
  /** Whether an operation so answered leaves every state that it fits as it is. */
  isRead(input: Input, output: Output): boolean;
  /** The same text for equal states, and only for them. */
  stateKey(state: State): string;
  /** The same text for equal inputs, and only for them. */
  inputKey(input: Input): string;
  /**
   * Which independent object an input is for. A history is linearizable when the part of each object is (Herlihy and Wing, "Linearizability: a
   * correctness condition for concurrent objects", 1990, §3.1), so that each is searched alone.
   */
  partition(input: Input): string;
  describe(input: Input, output: Output | undefined): string;
}

/** One line for a person. */
export function describeOperation<State, Input, Output>(
  model: Model<State, Input, Output>,
  operation: Operation<Input, Output>,
): string {
  const { client, input, called, returned, outcome } = operation;
  const output = outcome.type === "ok" ? outcome.output : undefined;
  const until = outcome.type === "ok" ? String(returned) : "?";
  const known = outcome.type === "ok" ? "" : ` (${outcome.type})`;
  return `${called} … ${until}  client ${client}: ${model.describe(input, output)}${known}`;
}
