/** Expressions made into functions. */
import { FUNCTIONS, TYPES } from "./functions.ts";
import { CelSyntaxError } from "./lexer.ts";
import { isMacro, type Macros, macros, renewBudget } from "./macros.ts";
import {
  add,
  compare,
  contains,
  divide,
  equal,
  indexOf,
  modulo,
  multiply,
  negate,
  not,
  select,
  subtract,
} from "./operators.ts";
import { type Expression, parseExpression } from "./parser.ts";
import { CelError, CelMap, type CelValue, noOverload } from "./values.ts";

/** Values by the places that names were given when the expression was compiled. */
export type Slots = (CelValue | undefined)[];
export type Evaluate = (slots: Slots) => CelValue;

export interface CelProgram {
  /**
   * @param variables a value for each of the names that the expression was compiled with; one that is missing is an error only where it is asked for
   * @throws CelError when the expression cannot be evaluated for them
   */
  evaluate(variables: Readonly<Record<string, CelValue>>): CelValue;
  /** Names of the variables that it uses. */
  readonly uses: readonly string[];
}

export interface CelOptions {
  /** Names of the variables that there are. They may have dots in them. */
  readonly variables: readonly string[];
}

/**
 * @throws CelSyntaxError for what is no expression, for a variable or function that is not, or a function with too many values or too few
 * @example
 * const program = compileCel("request.method == 'GET' && 'admin' in request.claims.roles", { variables: ["request"] });
 * program.evaluate({ request });
 */
export function compileCel(source: string, { variables }: CelOptions): CelProgram {
  const compiler = new Compiler(variables);
  const run = compiler.compile(parseExpression(source), new Map());
  const { names, slots } = compiler;
  return {
    uses: names.filter((name) => name !== undefined),
    evaluate(values) {
      renewBudget();
      const given: Slots = new Array(slots);
      for (let slot = 0; slot < names.length; slot++) {
        const name = names[slot];
        if (name !== undefined && Object.hasOwn(values, name)) given[slot] = values[name];
      }
      return run(given);
    },
  };
}

/** Slots of the names that macros have brought in. */
export type Locals = ReadonlyMap<string, number>;

const BINARY: Readonly<Record<string, (left: CelValue, right: CelValue) => CelValue>> = {
  "+": add,
  "-": subtract,
  "*": multiply,
  "/": divide,
  "%": modulo,
  "==": equal,
  "!=": (left, right) => !equal(left, right),
  "<": (left, right) => compare(left, right) < 0,
  "<=": (left, right) => compare(left, right) <= 0,
  ">": (left, right) => compare(left, right) > 0,
  ">=": (left, right) => compare(left, right) >= 0,
  in: contains,
};

export class Compiler {
  /** By slot; undefined for what macros bring in. */
  readonly names: (string | undefined)[] = [];
  readonly #variables: ReadonlySet<string>;
  readonly #macros: Macros = macros(this);

  constructor(variables: readonly string[]) {
    this.#variables = new Set(variables);
  }

  get slots(): number {
    return this.names.length;
  }

  newSlot(): number {
    return this.names.push(undefined) - 1;
  }

  compile(expression: Expression, locals: Locals): Evaluate {
    switch (expression.type) {
      case "literal": {
        const { value } = expression;
        return () => value;
      }
      case "name":
        return this.#name(expression.name, expression.at, locals);
      case "select":
        return this.#select(expression, locals);
      case "index": {
        const [of, index] = [this.compile(expression.of, locals), this.compile(expression.index, locals)];
        return (slots) => indexOf(of(slots), index(slots));
      }
      case "call":
        return this.#call(expression, locals);
      case "list": {
        const items = expression.items.map((item) => this.compile(item, locals));
        return (slots) => items.map((item) => item(slots));
      }
      case "map":
        return this.#map(expression.entries, locals);
      case "unary": {
        const operand = this.compile(expression.operand, locals);
        return expression.operator === "!" ? (slots) => not(operand(slots)) : (slots) => negate(operand(slots));
      }
      case "binary":
        return this.#binary(expression, locals);
      case "condition": {
        const [test, yes, no] = [expression.test, expression.yes, expression.no].map((one) =>
          this.compile(one, locals),
        ) as [Evaluate, Evaluate, Evaluate];
        return (slots) => {
          const decided = test(slots);
          if (typeof decided !== "boolean") throw noOverload();
          return decided ? yes(slots) : no(slots);
        };
      }
    }
  }

  #binary({ operator, left, right }: Extract<Expression, { type: "binary" }>, locals: Locals): Evaluate {
    const [first, second] = [this.compile(left, locals), this.compile(right, locals)];
    if (operator === "&&") return either(first, second, false);
    if (operator === "||") return either(first, second, true);
    const apply = BINARY[operator]!;
    return (slots) => apply(first(slots), second(slots));
  }

  #map(entries: readonly (readonly [Expression, Expression])[], locals: Locals): Evaluate {
    const compiled = entries.map(([key, value]) => [this.compile(key, locals), this.compile(value, locals)] as const);
    return (slots) => {
      const map = new CelMap();
      for (const [key, value] of compiled) map.add(key(slots), value(slots));
      return map;
    };
  }

  #name(name: string, at: number, locals: Locals): Evaluate {
    const local = locals.get(name);
    if (local !== undefined) return (slots) => slots[local]!;
    if (this.#variables.has(name)) return this.#variable(name);
    const type = TYPES.get(name);
    if (type !== undefined) return () => type;
    const known = [...this.#variables].join(", ");
    throw new CelSyntaxError(
      `There is no variable "${name}"; there ${this.#variables.size === 0 ? "are none" : `are ${known}`}`,
      at,
    );
  }

  #variable(name: string): Evaluate {
    let slot = this.names.indexOf(name);
    if (slot === -1) slot = this.names.push(name) - 1;
    return (slots) => {
      const value = slots[slot];
      if (value === undefined) throw new CelError(`the variable ${name} has no value`);
      return value;
    };
  }

  #select(expression: Extract<Expression, { type: "select" }>, locals: Locals): Evaluate {
    // The longest name with dots that is a variable or a type goes before members.
    const qualified = qualifiedName(expression);
    if (qualified !== undefined && !locals.has(qualified.split(".", 1)[0]!)) {
      if (this.#variables.has(qualified)) return this.#variable(qualified);
      const type = TYPES.get(qualified);
      if (type !== undefined) return () => type;
    }
    const of = this.compile(expression.of, locals);
    const { field } = expression;
    return (slots) => select(of(slots), field);
  }

  #call(expression: Extract<Expression, { type: "call" }>, locals: Locals): Evaluate {
    const { name, target, at } = expression;
    if (isMacro(expression)) return this.#macros[name]!(expression, locals);
    const definition = FUNCTIONS.get(name);
    const args = target === undefined ? expression.args : [target, ...expression.args];
    const isCallable = target === undefined ? definition?.isFunction : definition?.isMethod;
    if (definition === undefined || isCallable !== true) {
      throw new CelSyntaxError(`There is no ${target === undefined ? "function" : "method"} "${name}"`, at);
    }
    if (!definition.arity.includes(args.length))
      throw new CelSyntaxError(`"${name}" does not take ${args.length} values`, at);
    const compiled = args.map((arg) => this.compile(arg, locals));
    const { call } = definition;
    const [first, second] = compiled as [Evaluate, Evaluate | undefined];
    if (second === undefined) return (slots) => call(first(slots));
    return (slots) => call(first(slots), second(slots));
  }
}

/** Names with dots between them; undefined for anything else. */
function qualifiedName(expression: Expression): string | undefined {
  if (expression.type === "name") return expression.name;
  if (expression.type !== "select") return undefined;
  const of = qualifiedName(expression.of);
  return of === undefined ? undefined : `${of}.${expression.field}`;
}

/**
 * `&&` and `||`: whichever side decides does, also when the other one cannot be evaluated.
 * @param decisive the value that decides
 */
export function either(first: Evaluate, second: Evaluate, decisive: boolean): Evaluate {
  return (slots) => {
    let problem: unknown;
    try {
      const value = first(slots);
      if (value === decisive) return decisive;
      if (typeof value !== "boolean") problem = noOverload();
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      problem = error;
    }
    const value = second(slots);
    if (value === decisive) return decisive;
    if (problem !== undefined) throw problem;
    if (typeof value !== "boolean") throw noOverload();
    return value;
  };
}
