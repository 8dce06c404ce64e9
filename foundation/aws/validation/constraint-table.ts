/** The constraints of one service, read when the first input is validated. */

import type { RawConstraints } from "./raw-constraints.ts";
import { compileCheck, type ValueCheck } from "./value-checks.ts";

export interface ConstraintTable {
  /** The constraint of a place: a member, with `[]`, `<key>` or `<value>` per level of collections. */
  check(structure: string, place: string): ValueCheck | undefined;
}

/** A table without constraints, for models that have none. */
export const noConstraints: ConstraintTable = { check: () => undefined };

/** Reads the committed text. Patterns are compiled at first use and shared. */
export function readConstraints(text: string): ConstraintTable {
  const raw: RawConstraints = JSON.parse(text);
  const compiled = new Map<number, ValueCheck>();
  return {
    check(structure, place) {
      if (!Object.hasOwn(raw.structures, structure)) return undefined;
      const own = raw.structures[structure];
      const index = own !== undefined && Object.hasOwn(own, place) ? own[place] : undefined;
      if (index === undefined) return undefined;
      let check = compiled.get(index);
      if (check === undefined) {
        const constraint = raw.kinds[index];
        if (constraint === undefined)
          throw new Error("the table of constraints refers to a kind that it does not have");
        check = compileCheck(constraint);
        compiled.set(index, check);
      }
      return check;
    },
  };
}
