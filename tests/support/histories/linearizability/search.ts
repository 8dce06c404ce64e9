/**
 * The search for an order in which the operations on one object could have happened one after the other.
 *
 * Wing and Gong, "Testing and verifying concurrent objects" (1993): choose an operation that no other one must precede, apply it, go on; when
 * nothing fits, take the last choice back. With Lowe's memory of the configurations that led nowhere ("Testing for linearizability", 2017),
 * and three observations that leave the verdict as it is:
 *
 * - An answered read that fits may come at once: moving it forward takes nothing from the others. (A write of the value that is there may not: it
 *   may be wanted later.)
 * - One of unknown outcome that changes nothing need not come now.
 * - Of those of unknown outcome that ask for the same, the one called first may come first: whenever a later one may come, so may it.
 */
import { doneSet, linkedList } from "./configuration.ts";
import type { Model, Operation } from "./operation.ts";

export type Search<Input, Output> =
  | { readonly type: "found"; readonly steps: number }
  /** `longest` is an order of as many answered operations as ever fitted, if it was to be kept. */
  | { readonly type: "none"; readonly steps: number; readonly longest: readonly Operation<Input, Output>[] }
  | { readonly type: "undecided"; readonly steps: number };

interface Choice<State> {
  readonly index: number;
  readonly before: State;
  /** No other choice needs to be tried in its place. */
  readonly forced: boolean;
}

/**
 * @param operations of one object, none of them failed
 * @param stepsMax how often the model may be asked
 * @param keepsLongest whether to remember how far an order went, at the cost of time that grows with the square of a long history
 */
export function searchOrder<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  stepsMax: number,
  keepsLongest = false,
): Search<Input, Output> {
  const pending = [...operations].sort((left, right) => left.called - right.called);
  const answered = pending.map(({ outcome }) => outcome.type === "ok");
  const isRead = pending.map(({ input, outcome }) => outcome.type === "ok" && model.isRead(input, outcome.output));
  const returned = pending.map((one) => (one.outcome.type === "ok" ? one.returned : Number.POSITIVE_INFINITY));
  const answers = pending.map(({ outcome }) => (outcome.type === "ok" ? { output: outcome.output } : undefined));
  const twins = earlierTwins(model, pending);
  const list = linkedList(pending.length);
  const done = doneSet(answered);
  const seen = new Set<string>();
  const chosen: Choice<State>[] = [];
  let state = model.initial;
  let left = answered.filter(Boolean).length;
  let longest: readonly Operation<Input, Output>[] = [];
  let longestLeft = left;
  let after = -1;
  let steps = 0;

  while (left > 0) {
    const next = choose();
    if (next !== undefined) {
      chosen.push({ index: next.index, before: state, forced: next.forced });
      state = next.state;
      if (answered[next.index] === true) left--;
      after = -1;
      continue;
    }
    if (steps >= stepsMax) return { type: "undecided", steps };
    if (keepsLongest && left < longestLeft) {
      longestLeft = left;
      longest = chosen.map(({ index }) => pending[index]!);
    }
    if (!takeBack()) return { type: "none", steps, longest };
  }
  return { type: "found", steps };

  /** The next operation that may come now, marked as done; none also when the limit of steps is reached. */
  function choose(): { readonly index: number; readonly state: State; readonly forced: boolean } | undefined {
    // After a choice was taken back there is nothing to look for: what is forced would have come before any choice.
    if (after === -1) {
      for (const index of candidates()) {
        if (isRead[index] !== true) continue;
        const next = ask(index);
        if (next === undefined) continue;
        return mark(index, next) ? { index, state: next, forced: true } : undefined;
      }
    }
    const key = model.stateKey(state);
    for (const index of candidates()) {
      if (index <= after || isRead[index] === true || (twins[index] !== -1 && !done.has(twins[index]!))) continue;
      const next = ask(index);
      if (next === undefined || (answered[index] !== true && model.stateKey(next) === key)) continue;
      if (mark(index, next)) return { index, state: next, forced: false };
    }
    return undefined;
  }

  /** Those that no other one must precede, in the order of their calls. */
  function* candidates(): Generator<number> {
    let limit = Number.POSITIVE_INFINITY;
    for (let index = list.first(); index < pending.length; index = list.after(index)) {
      if (pending[index]!.called > limit || steps >= stepsMax) return;
      limit = Math.min(limit, returned[index]!);
      yield index;
    }
  }

  function ask(index: number): State | undefined {
    steps++;
    return model.step(state, pending[index]!.input, answers[index]);
  }

  /** Puts the operation next; false, and nothing is changed, when what comes of it was looked at before. */
  function mark(index: number, next: State): boolean {
    done.add(index);
    const configuration = done.fingerprint() + model.stateKey(next);
    if (seen.has(configuration)) {
      done.remove(index);
      return false;
    }
    seen.add(configuration);
    list.takeOut(index);
    return true;
  }

  function unmark(index: number): void {
    list.putBack(index);
    done.remove(index);
  }

  /** Undoes choices up to and with the last one that had alternatives; false when there is none. */
  function takeBack(): boolean {
    for (let last = chosen.pop(); last !== undefined; last = chosen.pop()) {
      unmark(last.index);
      if (answered[last.index] === true) left++;
      state = last.before;
      after = last.index;
      if (!last.forced) return true;
    }
    return false;
  }
}

/** Of each operation of unknown outcome, the one before it that asks for the same; -1 for none. */
function earlierTwins<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
): readonly number[] {
  const last = new Map<string, number>();
  return operations.map(({ input, outcome }, index) => {
    if (outcome.type === "ok") return -1;
    const key = model.inputKey(input);
    const twin = last.get(key) ?? -1;
    last.set(key, index);
    return twin;
  });
}
