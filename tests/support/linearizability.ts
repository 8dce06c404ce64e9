/**
 * Whether what concurrent clients saw of one key could have happened one after the other.
 *
 * The search of Wing and Gong ("Testing and Verifying Concurrent Objects", 1993) with Lowe's memory of configurations seen ("Testing for linearizability",
 * 2017): choose an operation that no other one must precede, apply it to the model, go on; when nothing fits, take the last choice back.
 */

/** One call of a client. */
export interface Operation<State> {
  /** For the message of a failure. */
  readonly name: string;
  /** When it was called and when its answer came, on one monotonic clock. No answer: Infinity. */
  readonly called: number;
  readonly returned: number;
  /**
   * The state after it, or undefined when its answer does not fit this state. An operation whose answer never came fits always.
   */
  apply(state: State): { readonly next: State } | undefined;
}

/** Configurations looked at before a history counts as too tangled to decide: a test makes histories that need far fewer. */
const STEPS_MAX = 2_000_000;

/**
 * @param keyOf a text that is the same for equal states
 * @returns undefined when there is an order; else the operations around which none was found
 */
export function findViolation<State>(
  operations: readonly Operation<State>[],
  initial: State,
  keyOf: (state: State) => string,
): string | undefined {
  const pending = [...operations].sort((left, right) => left.called - right.called);
  const done = new Array<boolean>(pending.length).fill(false);
  const answered = pending.filter(({ returned }) => returned !== Number.POSITIVE_INFINITY).length;
  const seen = new Set<string>();
  const chosen: { readonly index: number; readonly before: State }[] = [];
  let state = initial;
  let left = answered;
  let first = 0;
  let from = 0;
  let furthest = 0;
  for (let steps = 0; left > 0; steps++) {
    if (steps > STEPS_MAX) return "undecided: the history is too tangled";
    while (done[first] === true) first++;
    const next = choose(Math.max(first, from));
    if (next !== undefined) {
      chosen.push({ index: next.index, before: state });
      state = next.state;
      from = 0;
      furthest = Math.max(furthest, chosen.length);
      continue;
    }
    const last = chosen.pop();
    if (last === undefined) return describe();
    done[last.index] = false;
    if (pending[last.index]!.returned !== Number.POSITIVE_INFINITY) left++;
    state = last.before;
    first = Math.min(first, last.index);
    from = last.index + 1;
  }
  return undefined;

  /** The next operation that may come now, marked as done. */
  function choose(start: number): { readonly index: number; readonly state: State } | undefined {
    let limit = Number.POSITIVE_INFINITY;
    for (let index = first; index < pending.length; index++) {
      const operation = pending[index]!;
      if (operation.called > limit) return undefined;
      if (done[index] === true) continue;
      limit = Math.min(limit, operation.returned);
      if (index < start) continue;
      const applied = operation.apply(state);
      if (applied === undefined) continue;
      done[index] = true;
      const configuration = `${keyOf(applied.next)}|${fingerprint()}`;
      if (seen.has(configuration)) {
        done[index] = false;
        continue;
      }
      seen.add(configuration);
      if (operation.returned !== Number.POSITIVE_INFINITY) left--;
      return { index, state: applied.next };
    }
    return undefined;
  }

  /** Which operations are done: all below the first that is not, and these above it. */
  function fingerprint(): string {
    let low = first;
    while (done[low] === true) low++;
    const above: number[] = [];
    for (let index = low + 1; index < pending.length; index++) if (done[index] === true) above.push(index);
    return `${low}:${above.join()}`;
  }

  function describe(): string {
    const around = pending.slice(Math.max(0, furthest - 6), furthest + 10);
    return around
      .map(({ name, called, returned }) => `${called.toFixed(2)} … ${returned.toFixed(2)}  ${name}`)
      .join("\n");
  }
}
