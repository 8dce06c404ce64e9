/** Macros: what looks like a call and brings in a name of its own (language definition, "Macros"). */
import type { Compiler, Evaluate, Locals } from "./compile.ts";
import { CelSyntaxError } from "./lexer.ts";

import type { Expression } from "./parser.ts";
import { CelError, type CelValue, isList, isMap, keysOf, memberOf, noOverload } from "./values.ts";

type Call = Extract<Expression, { type: "call" }>;
export type Macros = Readonly<Record<string, (call: Call, locals: Locals) => Evaluate>>;

/** By name: how many values they are written with. */
const ARITY: Readonly<Record<string, readonly number[]>> = {
  has: [1],
  all: [2],
  exists: [2],
  exists_one: [2],
  existsOne: [2],
  filter: [2],
  map: [2, 3],
};

export function isMacro({ name, target, args }: Call): boolean {
  if (!Object.hasOwn(ARITY, name)) return false;
  return (target === undefined) === (name === "has") && ARITY[name]!.includes(args.length);
}

/** What is left of the items that one evaluation may go through: macros within macros multiply what a caller sends. */
const budget = { items: 0 };
export const ITEMS_MAX = 100_000;

export function renewBudget(): void {
  budget.items = ITEMS_MAX;
}

/** What there is to go through: items of a list, keys of a map. */
function rangeOf(value: CelValue): readonly CelValue[] {
  const range = isList(value) ? value : isMap(value) ? keysOf(value) : undefined;
  if (range === undefined) throw noOverload();
  budget.items -= range.length;
  if (budget.items < 0) throw new CelError(`more than ${ITEMS_MAX} items are gone through`);
  return range;
}

export function macros(compiler: Compiler): Macros {
  /** The parts of a macro over a range: the range, the slot of its name, the other values with that name in them. */
  const over = (
    call: Call,
    locals: Locals,
  ): { readonly range: Evaluate; readonly slot: number; readonly parts: readonly Evaluate[] } => {
    const [variable, ...rest] = call.args;
    if (variable?.type !== "name") throw new CelSyntaxError(`The first value of "${call.name}" is a name`, call.at);
    const range = compiler.compile(call.target!, locals);
    const slot = compiler.newSlot();
    const inner = new Map(locals).set(variable.name, slot);
    return { range, slot, parts: rest.map((part) => compiler.compile(part, inner)) };
  };

  /** Whichever item decides does, also when others cannot be evaluated. */
  const quantifier =
    (decisive: boolean) =>
    (call: Call, locals: Locals): Evaluate => {
      const { range, slot, parts } = over(call, locals);
      const test = parts[0]!;
      return (slots) => {
        let problem: unknown;
        for (const item of rangeOf(range(slots))) {
          slots[slot] = item;
          try {
            const value = test(slots);
            if (value === decisive) return decisive;
            if (typeof value !== "boolean") problem ??= noOverload();
          } catch (error) {
            if (!(error instanceof CelError)) throw error;
            problem ??= error;
          }
        }
        if (problem !== undefined) throw problem;
        return !decisive;
      };
    };

  const exactlyOne = (call: Call, locals: Locals): Evaluate => {
    const { range, slot, parts } = over(call, locals);
    return (slots) => {
      let count = 0;
      for (const item of rangeOf(range(slots))) {
        slots[slot] = item;
        if (isTrue(parts[0]!(slots))) count++;
      }
      return count === 1;
    };
  };

  return {
    has: hasMacro(compiler),
    all: quantifier(false),
    exists: quantifier(true),
    exists_one: exactlyOne,
    existsOne: exactlyOne,
    filter(call, locals) {
      const { range, slot, parts } = over(call, locals);
      return (slots) =>
        rangeOf(range(slots)).filter((item) => {
          slots[slot] = item;
          return isTrue(parts[0]!(slots));
        });
    },
    map(call, locals) {
      const { range, slot, parts } = over(call, locals);
      const [test, transform] = parts.length === 2 ? [parts[0]!, parts[1]!] : [undefined, parts[0]!];
      return (slots) => {
        const made: CelValue[] = [];
        for (const item of rangeOf(range(slots))) {
          slots[slot] = item;
          if (test === undefined || isTrue(test(slots))) made.push(transform(slots));
        }
        return made;
      };
    },
  };
}

function isTrue(value: CelValue): boolean {
  if (typeof value !== "boolean") throw noOverload();
  return value;
}

/** Whether there is such a member. */
function hasMacro(compiler: Compiler): (call: Call, locals: Locals) => Evaluate {
  return ({ args, at }, locals) => {
    const [asked] = args;
    if (asked?.type !== "select") throw new CelSyntaxError('"has" asks for a member: has(a.b)', at);
    const of = compiler.compile(asked.of, locals);
    const { field } = asked;
    return (slots) => {
      const value = of(slots);
      if (!isMap(value)) throw noOverload();
      return memberOf(value, field) !== undefined;
    };
  };
}
