/**
 * Whether a history is linearizable: whether every operation could have taken effect in one instant between its call and its return.
 */
import { describeOperation, type Model, type Operation } from "./operation.ts";
import { searchOrder } from "./search.ts";

/** How often the model is asked before a search ends without a verdict, if the caller does not say. A second or two. */
export const STEPS_MAX = 2_000_000;

export type Linearizability<Input, Output> =
  | { readonly verdict: "ok" }
  | ({ readonly verdict: "violation" } & Violation<Input, Output>)
  /** The search ended at its limit. Says neither yes nor no. */
  | { readonly verdict: "undecided"; readonly partition: string; readonly stepsMax: number };

export interface Violation<Input, Output> {
  /** The object for whose operations there is no order. */
  readonly partition: string;
  /** A prefix of the object's history that has no order already: what was called later does not matter. What had not returned by then counts as unknown. */
  readonly prefix: readonly Operation<Input, Output>[];
  /** Whether no shorter prefix is without an order; false when a search for one ended at its limit. */
  readonly isSmallest: boolean;
  /** The answer with which the prefix ends, and which nothing explains. */
  readonly last: Operation<Input, Output>;
  /** An order of as many of the operations as fit. */
  readonly longest: readonly Operation<Input, Output>[];
  /** All of this for a person. */
  readonly text: string;
}

/**
 * Searches each object alone. A violation of one outweighs that another one is undecided.
 *
 * @param stepsMax how often the model may be asked in one search
 */
export function checkLinearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  { stepsMax = STEPS_MAX }: { readonly stepsMax?: number } = {},
): Linearizability<Input, Output> {
  let undecided: string | undefined;
  for (const [partition, operations] of partitions(model, history)) {
    const search = searchOrder(model, operations, stepsMax);
    if (search.type === "none") {
      return { verdict: "violation", ...explain(model, partition, operations, stepsMax) };
    }
    if (search.type === "undecided") undecided ??= partition;
  }
  return undecided === undefined ? { verdict: "ok" } : { verdict: "undecided", partition: undecided, stepsMax };
}

/** The operations that may have had an effect, by object. */
function partitions<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
): Map<string, Operation<Input, Output>[]> {
  const byObject = new Map<string, Operation<Input, Output>[]>();
  for (const operation of history) {
    if (operation.outcome.type === "ok" && !(operation.returned >= operation.called)) {
      throw new RangeError(`An operation returned before its call: ${describeOperation(model, operation)}`);
    }
    if (operation.outcome.type === "failed") continue;
    const partition = model.partition(operation.input);
    const operations = byObject.get(partition);
    if (operations === undefined) byObject.set(partition, [operation]);
    else operations.push(operation);
  }
  return byObject;
}

/**
 * The smallest prefix without an order, by halving: a longer prefix has none either.
 */
function explain<State, Input, Output>(
  model: Model<State, Input, Output>,
  partition: string,
  operations: readonly Operation<Input, Output>[],
  stepsMax: number,
): Violation<Input, Output> {
  const answers = operations
    .filter(({ outcome }) => outcome.type === "ok")
    .sort((left, right) => left.returned - right.returned);
  let found = { prefix: operations, last: answers.at(-1)! };
  let isSmallest = true;
  let low = 0;
  let high = answers.length - 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const last = answers[middle]!;
    const prefix = prefixUntil(operations, last.returned);
    const search = searchOrder(model, prefix, stepsMax);
    if (search.type === "none") {
      found = { prefix, last };
      high = middle;
    } else {
      if (search.type === "undecided") isSmallest = false;
      low = middle + 1;
    }
  }
  const { prefix, last } = found;
  // The same search as before, so that it ends as before.
  const search = searchOrder(model, prefix, stepsMax, true);
  const violation = { partition, prefix, isSmallest, last, longest: search.type === "none" ? search.longest : [] };
  return { ...violation, text: describeViolation(model, violation) };
}

/** What was called until `time`; what had not returned by then is unknown. */
function prefixUntil<Input, Output>(
  operations: readonly Operation<Input, Output>[],
  time: number,
): readonly Operation<Input, Output>[] {
  return operations
    .filter(({ called }) => called <= time)
    .map((one) => (one.outcome.type === "ok" && one.returned > time ? { ...one, outcome: { type: "unknown" } } : one));
}

/** Lines shown of an order: its beginning says little about why it cannot go on. */
const LINES_MAX = 30;

function describeViolation<State, Input, Output>(
  model: Model<State, Input, Output>,
  { partition, prefix, isSmallest, last, longest }: Omit<Violation<Input, Output>, "text">,
): string {
  const placed = new Set(longest);
  const rest = prefix.filter((one) => !placed.has(one));
  const shown = longest.slice(-LINES_MAX);
  const hidden = longest.length - shown.length;
  const line = (one: Operation<Input, Output>): string => `  ${describeOperation(model, one)}`;
  const size = `${prefix.length} operations${isSmallest ? "" : " (a smaller one may do)"}`;
  return [
    `No order explains ${partition === "" ? "" : `${JSON.stringify(partition)} in `}this prefix of ${size}, which ends with`,
    line(last),
    "As far as an order goes:",
    ...(hidden > 0 ? [`  … ${hidden} before`] : []),
    ...shown.map(line),
    "Then none of these fits:",
    ...rest.slice(0, LINES_MAX).map(line),
    ...(rest.length > LINES_MAX ? [`  … and ${rest.length - LINES_MAX} more`] : []),
  ].join("\n");
}
