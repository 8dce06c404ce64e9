/**
 * Writes JavaScript that checks a value against a schema.
 *
 * Subschemas are written where they apply; what is referred to becomes a function. Two kinds of text are made of one schema: *first* stops at the first violation and
 * builds nothing, *all* goes on and collects what is wrong. Nothing of a schema gets into the text but as a literal that `JSON.stringify` has written.
 */
import { isObject, type Json, pointerStep } from "./json.ts";
import { InvalidSchema } from "./problem.ts";
import { type Place, partOf, type Resource, type SchemaResources, shownAddress } from "./resources.ts";
import type { WriteOptions } from "./write-module.ts";

export type Mode = "first" | "all";

/** One schema being applied to one value. */
export interface Frame {
  readonly place: Place;
  /** The variable with the value. */
  readonly data: string;
  /** An expression: where the value is, as a pointer. */
  readonly path: string;
  /** Where the schema is, for messages. */
  readonly at: string;
  /** An expression: the dynamic scope. */
  readonly scope: string;
  /** The variable that is told what was evaluated; undefined when nobody asks. */
  readonly tracker: string | undefined;
  /** The variable that takes errors. */
  readonly errors: string;
  /** A statement for when the value does not fit, after errors were written. */
  readonly failed: string;
  /** The only type that the value can have here, where that is known. */
  readonly type: string | undefined;
  /** Members that only the other side gives, by schemas that hold for the same value. */
  readonly oneSided: ReadonlySet<string>;
  /** Schemas in schemas that are written in one function. */
  readonly depth: number;
}

export interface EmitterOptions extends WriteOptions {
  readonly mode: Mode;
  /** Whether some reference depends on the way by which it was reached. */
  readonly dynamic: boolean;
}

/** From there on schemas in schemas become functions of their own: engines do not read blocks that are nested without end. */
const DEPTH_IN_FUNCTION = 20;
const NOBODY: ReadonlySet<string> = new Set();

/** Which function a dynamic reference leads to, by the number of a resource in its scope. */
interface DynamicTable {
  readonly name: string;
  readonly anchor: string;
  readonly tracked: boolean;
  readonly rows: Map<number, string>;
}

interface Callee {
  readonly name: string;
  readonly place: Place;
  readonly tracked: boolean;
  readonly oneSided: ReadonlySet<string>;
}

export class Emitter {
  readonly resources: SchemaResources;
  readonly options: EmitterOptions;
  readonly #lines: string[] = [];
  #length = 0;
  readonly #hoisted = new Map<string, string>();
  readonly #functions = new Map<object | string, Map<string, Callee>>();
  readonly #queue: Callee[] = [];
  readonly #tables = new Map<string, DynamicTable>();
  readonly #resourceNumbers = new Map<Resource, number>();
  /** Whether a reference was written that depends on the way by which it was reached. */
  isDynamic = false;
  readonly #write: (frame: Frame, emitter: Emitter) => void;
  #names = 0;

  /** @param write writes the keywords of one schema */
  constructor(resources: SchemaResources, options: EmitterOptions, write: (frame: Frame, emitter: Emitter) => void) {
    this.resources = resources;
    this.options = options;
    this.#write = write;
  }

  get collects(): boolean {
    return this.options.mode === "all";
  }

  /**
   * The body of a function of `rt` (what the text needs at run time) that returns the checks of the schemas at `places`, each `(value, path, errors) => boolean`.
   *
   * @throws InvalidSchema when it becomes too long
   */
  module(places: readonly Place[]): string {
    const entries = places.map((place) => {
      const start = this.options.dynamic ? `{ r: ${this.numberOf(place.resource)}, p: null }` : "null";
      return { start, name: this.callee(place, false).name };
    });
    for (let next = this.#nextFunction(); next !== undefined; next = this.#nextFunction()) this.#function(next);
    for (const { name, rows } of this.#tables.values()) {
      this.line(
        `const ${name} = { ${Array.from(rows, ([resource, callee]) => `${resource}: ${callee}`).join(", ")} };`,
      );
    }
    const hoisted = Array.from(this.#hoisted, ([text, name]) => `const ${name} = ${text};`);
    const [more, passed] = this.collects ? [", p, e", ", p, e"] : ["", ""];
    return [
      '"use strict";',
      "let left = 0;",
      ...hoisted,
      ...this.#lines,
      "return [",
      ...entries.map(
        ({ name, start }) => `(d${more}) => { left = rt.stepsMax; return ${name}(d, ${start}, null${passed}); },`,
      ),
      "];",
    ].join("\n");
  }

  line(text: string): void {
    this.#length += text.length;
    const { textMax } = this.options;
    if (this.#length > textMax) {
      const message = `What is written for it has more than ${textMax} characters.`;
      throw new InvalidSchema([{ pointer: "", document: "", message }]);
    }
    this.#lines.push(text);
  }

  fresh(prefix: string): string {
    return `${prefix}${++this.#names}`;
  }

  /** A constant of the module: its name. The same text is one constant. */
  hoist(text: string): string {
    let name = this.#hoisted.get(text);
    if (name === undefined) {
      name = `k${this.#hoisted.size}`;
      this.#hoisted.set(text, name);
    }
    return name;
  }

  /** Statements for a violation. @param params text of an object */
  fail(frame: Frame, keyword: string, params = "{}"): string {
    if (!this.collects) return frame.failed;
    // A schema that is `false` has no keyword to point at.
    const where = literal(keyword === "false" ? frame.at : `${frame.at}${pointerStep(keyword)}`);
    return `rt.add(${frame.errors}, ${frame.path}, ${where}, ${literal(keyword)}, ${params}); ${frame.failed}`;
  }

  /** Writes a subschema that applies to a value. */
  apply(frame: Frame, schema: Json, step: string, changes: Partial<Frame>): void {
    const place = this.resources.placeOf(schema) ?? partOf(frame.place, schema, step);
    const at = `${frame.at}${step}`;
    const inner = {
      ...(changes.data === undefined ? frame : ofOther(frame, changes.data)),
      ...changes,
      depth: frame.depth + 1,
    };
    if (inner.depth > DEPTH_IN_FUNCTION && isObject(schema)) {
      this.line(`if (!${this.call(inner, place)}) { ${inner.failed} }`);
      return;
    }
    let { scope } = inner;
    if (this.options.dynamic && place.resource !== frame.place.resource) {
      const name = this.fresh("s");
      this.line(`const ${name} = { r: ${this.numberOf(place.resource)}, p: ${scope} };`);
      scope = name;
    }
    this.#write({ ...inner, place, at, scope }, this);
  }

  /**
   * Writes a subschema whose outcome is a question and no violation.
   * @returns the variable with the outcome, and those with its errors and what it evaluated
   */
  test(
    frame: Frame,
    schema: Json,
    step: string,
  ): { readonly ok: string; readonly errors: string; readonly tracker: string | undefined } {
    const ok = this.fresh("o");
    const errors = this.collects ? this.fresh("e") : frame.errors;
    const tracker = frame.tracker === undefined ? undefined : this.fresh("t");
    if (tracker !== undefined) this.line(`const ${tracker} = rt.tracker();`);
    if (this.collects) this.line(`const ${errors} = [];`);
    const label = this.fresh("L");
    this.line(`let ${ok} = true; ${this.collects ? "" : `${label}: `}{`);
    this.apply(frame, schema, step, {
      errors,
      tracker,
      failed: this.collects ? `${ok} = false;` : `{ ${ok} = false; break ${label}; }`,
    });
    this.line("}");
    return { ok, errors, tracker };
  }

  /** A call of the function of another place with the frame's value: an expression. */
  call(frame: Frame, target: Place): string {
    const { name } = this.callee(target, frame.tracker !== undefined, frame.oneSided);
    return `${name}(${this.#arguments(frame, target)})`;
  }

  /** The same through a table by resource: which function it is depends on the scope. */
  dynamicCall(frame: Frame, anchor: string, fallback: Place): string {
    this.isDynamic = true;
    const tracked = frame.tracker !== undefined;
    const key = `${anchor} ${tracked}`;
    const table = this.#tables.get(key) ?? { name: this.fresh("D"), anchor, tracked, rows: new Map() };
    this.#tables.set(key, table);
    const { name } = this.callee(fallback, tracked);
    const found = this.fresh("x");
    this.line(`const ${found} = rt.dynamic(${frame.scope}, ${table.name}, ${name});`);
    const scope = `{ r: ${found}.r ?? ${this.numberOf(fallback.resource)}, p: ${frame.scope} }`;
    const more = this.collects ? `, ${frame.path}, ${frame.errors}` : "";
    return `${found}.f(${frame.data}, ${scope}, ${frame.tracker ?? "null"}${more})`;
  }

  callee(place: Place, tracked: boolean, oneSided: ReadonlySet<string> = NOBODY): Callee {
    const { schema } = place;
    const key = isObject(schema) ? schema : `${place.document}#${place.pointer}`;
    const known = this.#functions.get(key) ?? new Map<string, Callee>();
    this.#functions.set(key, known);
    const kind = `${tracked} ${JSON.stringify([...oneSided].sort())}`;
    let callee = known.get(kind);
    if (callee === undefined) {
      callee = { name: this.fresh("f"), place, tracked, oneSided };
      known.set(kind, callee);
      this.#queue.push(callee);
    }
    return callee;
  }

  numberOf(resource: Resource): number {
    let number = this.#resourceNumbers.get(resource);
    if (number === undefined) {
      number = this.#resourceNumbers.size;
      this.#resourceNumbers.set(resource, number);
    }
    return number;
  }

  /** What is still to be written. When nothing is: what dynamic references may lead to from the resources that are entered. */
  #nextFunction(): Callee | undefined {
    const next = this.#queue.shift();
    if (next !== undefined) return next;
    for (const { anchor, tracked, rows } of this.#tables.values()) {
      for (const [resource, number] of [...this.#resourceNumbers]) {
        const schema = resource.dynamicAnchors.get(anchor);
        const place = schema === undefined ? undefined : this.resources.placeOf(schema);
        if (place !== undefined && !rows.has(number)) rows.set(number, this.callee(place, tracked).name);
      }
    }
    return this.#queue.shift();
  }

  #arguments(frame: Frame, target: Place): string {
    const { data, scope, tracker = "null", path, errors } = frame;
    const entered =
      this.options.dynamic && target.resource !== frame.place.resource
        ? `{ r: ${this.numberOf(target.resource)}, p: ${scope} }`
        : scope;
    return this.collects ? `${data}, ${entered}, ${tracker}, ${path}, ${errors}` : `${data}, ${entered}, ${tracker}`;
  }

  #function({ name, place, tracked, oneSided }: Callee): void {
    this.line(`function ${name}(d, s, t${this.collects ? ", p, e" : ""}) {`);
    this.line("if (--left < 0) rt.spent();");
    if (this.collects) this.line("let ok = true;");
    this.#write(
      {
        place,
        data: "d",
        path: "p",
        at: `${shownAddress(place.document)}#${place.pointer}`,
        scope: "s",
        tracker: tracked ? "t" : undefined,
        errors: "e",
        failed: this.collects ? "ok = false;" : "return false;",
        type: undefined,
        oneSided,
        depth: 0,
      },
      this,
    );
    this.line(this.collects ? "return ok; }" : "return true; }");
  }
}

/** The frame for another value: what is known of one is not known of another, and nobody asks what of it was evaluated. */
export const ofOther = (frame: Frame, data: string): Frame => ({
  ...frame,
  data,
  type: undefined,
  oneSided: NOBODY,
  tracker: undefined,
});

/** A value as text of JavaScript. */
export function literal(value: Json): string {
  if (typeof value === "object" && value !== null) return `JSON.parse(${JSON.stringify(JSON.stringify(value))})`;
  return JSON.stringify(value);
}

/** Reading a member: an expression that is undefined where there is none, for every name. */
export function memberOf(data: string, name: string): string {
  // What every object inherits is not the value's own.
  if (name in Object.prototype)
    return `(Object.hasOwn(${data}, ${literal(name)}) ? ${data}[${literal(name)}] : undefined)`;
  return `${data}[${literal(name)}]`;
}

/** The path of a member, where paths are kept. */
export const memberPath = (frame: Frame, name: string): string => `${frame.path} + ${literal(pointerStep(name))}`;
