/** A pattern as a nondeterministic automaton (Thompson 1968). */
import type { CharSet } from "./char-set.ts";
import { type Assertion, type Node, UnusablePattern } from "./syntax.ts";

export type State =
  | { readonly type: "set"; readonly set: CharSet; next: number }
  | { readonly type: "assertion"; readonly assertion: Assertion; next: number }
  | { readonly type: "split"; readonly next: number[] }
  | { readonly type: "accept" };

export interface Automaton {
  readonly states: readonly State[];
  readonly start: number;
}

/** What is repeated with bounds is written out; a pattern of more states than this is refused. */
export const STATES_MAX = 20_000;

export function automatonOf(root: Node): Automaton {
  const states: State[] = [];
  const add = (state: State): number => {
    if (states.length >= STATES_MAX) throw new UnusablePattern("It is too large: repetitions with bounds multiply.");
    return states.push(state) - 1;
  };
  /** The first state of what matches the node and goes on at `next`. */
  const build = (node: Node, next: number): number => {
    switch (node.type) {
      case "set":
        return add({ type: "set", set: node.set, next });
      case "assertion":
        return add({ type: "assertion", assertion: node.assertion, next });
      case "sequence":
        return node.parts.reduceRight((after, part) => build(part, after), next);
      case "choice":
        return add({ type: "split", next: node.options.map((option) => build(option, next)) });
      case "repeat":
        return repeat(node.body, node.min, node.max, next);
    }
  };
  const repeat = (body: Node, min: number, max: number, next: number): number => {
    let after = next;
    if (max === Number.POSITIVE_INFINITY) {
      const loop: number[] = [];
      after = add({ type: "split", next: loop });
      loop.push(build(body, after), next);
    } else {
      for (let count = min; count < max; count++) after = add({ type: "split", next: [build(body, after), next] });
    }
    for (let count = 0; count < min; count++) after = build(body, after);
    return after;
  };
  const accept = add({ type: "accept" });
  const start = build(root, accept);
  return { states, start };
}
