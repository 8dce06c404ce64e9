/** Judges a document by a table of rules: every object that can be reached, through references too, used or not. */
import type { Diagnostics } from "../diagnostics/diagnostic.ts";
import { nearestName } from "../diagnostics/did-you-mean.ts";
import { child, entriesOf, isObjectPart, itemsOf, type ObjectPart, type Part, placeKey } from "../references/part.ts";
import { isReference, type Resolver, shown } from "../references/resolver.ts";
import { ASSERTIONS_30 as SCHEMA_KEYWORDS } from "../schemas/schema-keywords.ts";
import { isList, isObject, kindOf } from "../source/json-value.ts";
import { type Field, type ObjectRule, type RuleTable, type Type, VERSIONS, type Version } from "./rules.ts";

export interface StructureCheck {
  readonly rules: RuleTable;
  /** `OpenAPI 3.0` */
  readonly specification: string;
  readonly version: Version;
  readonly resolver: Resolver;
  readonly diagnostics: Diagnostics;
  /** Takes a schema. */
  readonly schema: (part: Part) => void;
  /** Takes the fields of an object that begin with `x-`. */
  readonly extensions: (kind: string, part: ObjectPart) => void;
}

/** @param kind which object it must be, by its name in the table */
export function checkStructure(check: StructureCheck, part: Part, kind: string): void {
  new Checking(check).all(part, kind);
}

class Checking {
  /** Objects that were judged, as what. */
  readonly #judged = new Set<string>();
  /** What references lead to: judged afterwards, so that a long chain of them needs no stack. */
  readonly #referred: { readonly part: Part; readonly kind: string; readonly effect: boolean }[] = [];

  constructor(private readonly check: StructureCheck) {}

  all(part: Part, kind: string): void {
    this.object(part, kind, true);
    for (let next = this.#referred.pop(); next !== undefined; next = this.#referred.pop()) {
      this.object(next.part, next.kind, next.effect);
    }
  }

  object(part: Part, kind: string, effect: boolean): void {
    const key = `${kind} ${effect} ${placeKey(part)}`;
    if (this.#judged.has(key)) return;
    this.#judged.add(key);
    const rule = this.check.rules[kind]!;
    if (!isObjectPart(part)) {
      this.#broken(part, effect, `This is ${kindOf(part.value)}, where ${rule.called} is expected.`);
      return;
    }
    this.check.extensions(kind, part);
    for (const [name, { required, effect: own }] of Object.entries(rule.fields)) {
      if (required && part.value[name] === undefined) {
        this.#broken(part, effect && own, `${capital(rule.called)} needs ${shown(name)}.`);
      }
    }
    for (const [name, value] of entriesOf(part)) this.#field(rule, part, name, value, effect);
  }

  #field(rule: ObjectRule, owner: ObjectPart, name: string, value: Part, effect: boolean): void {
    if (name === "$ref" && isReference(owner)) {
      // A path item may have fields beside its reference; nothing else gets here with one that may.
      if (rule !== this.check.rules.pathItem) this.#misplaced(rule, value, effect);
      return;
    }
    const field = Object.hasOwn(rule.fields, name) ? rule.fields[name] : undefined;
    if (field !== undefined && this.#isIn(field)) {
      this.#value(value, field.type, effect && field.effect, name);
    } else if (rule.others?.names.test(name)) {
      this.#value(value, rule.others.type, effect, name);
    } else if (!name.startsWith("x-")) {
      this.#unknown(rule, value, name, effect, field);
    }
  }

  /** What it leads to would be lost, and with it what the object asks for. */
  #misplaced({ called }: ObjectRule, value: Part, effect: boolean): void {
    const message = `${capital(called)} cannot be a reference.`;
    const hint = "Refer to what it is part of, or put the description into one file first.";
    this.check.diagnostics.report(effect ? "E1004" : "W1012", value, message, { at: "key", hint });
  }

  #isIn({ since }: Field): boolean {
    return VERSIONS.indexOf(since) <= VERSIONS.indexOf(this.check.version);
  }

  #unknown(rule: ObjectRule, value: Part, name: string, effect: boolean, later: Field | undefined): void {
    const { diagnostics, specification } = this.check;
    if (later !== undefined) {
      const message = `${shown(name)} came with version ${later.since}, and this is ${specification}: it is ignored.`;
      diagnostics.report("W1011", value, message, { at: "key" });
      return;
    }
    if (rule.hasSchema === true && effect && SCHEMA_KEYWORDS.has(name)) {
      const hint = `Move it below schema: {${name}: …}.`;
      diagnostics.report("E1009", value, `${capital(rule.called)} has no ${shown(name)}.`, { at: "key", hint });
      return;
    }
    const known = Object.entries(rule.fields).filter(([, field]) => this.#isIn(field));
    const deciding = known.filter(([, field]) => field.effect && effect).map(([one]) => one);
    const near = nearestName(name, deciding);
    if (near !== undefined) {
      const message = `${capital(rule.called)} has no ${shown(name)}.`;
      diagnostics.report("E1009", value, message, { at: "key", hint: `Write ${shown(near)}.` });
      return;
    }
    const meant = nearestName(
      name,
      known.map(([one]) => one),
    );
    const hint = meant === undefined ? "Fields of your own begin with x-." : `Did you mean ${shown(meant)}?`;
    diagnostics.report("W1011", value, `${capital(rule.called)} has no ${shown(name)}.`, { at: "key", hint });
  }

  #value(part: Part, type: Type, effect: boolean, name: string): void {
    if (typeof type === "string") this.#plain(part, type, effect, name);
    else if ("object" in type) this.object(part, type.object, effect);
    else if ("orRef" in type) this.#orReference(part, type.orRef, effect);
    else if ("refTo" in type) this.#referenceTo(part, type.refTo, effect, name);
    else if ("list" in type) {
      if (!isList(part.value)) this.#broken(part, effect, `${shown(name)} is a list, not ${kindOf(part.value)}.`);
      for (const item of itemsOf(part)) this.#value(item, type.list, effect, name);
    } else if ("map" in type) {
      if (!isObject(part.value)) this.#broken(part, effect, `${shown(name)} is an object, not ${kindOf(part.value)}.`);
      for (const [key, one] of entriesOf(part)) {
        // Names of components are free; what begins with x- among them is a component too.
        this.#value(one, type.map, effect, key);
      }
    } else if (!type.oneOf.some((one) => one === part.value)) {
      const found = typeof part.value === "string" ? shown(part.value) : kindOf(part.value);
      this.#broken(part, effect, `${shown(name)} is one of ${type.oneOf.join(", ")}, not ${found}.`);
    }
  }

  #plain(part: Part, type: Type & string, effect: boolean, name: string): void {
    const { value } = part;
    switch (type) {
      case "any":
        return;
      case "schema":
        this.check.schema(part);
        return;
      case "formattedSchema":
        this.#formatted(part, effect);
        return;
      case "text":
        if (typeof value !== "string") this.#broken(part, effect, `${shown(name)} is text, not ${kindOf(value)}.`);
        return;
      case "textOrNull":
        if (typeof value !== "string" && value !== null) {
          this.#broken(part, effect, `${shown(name)} is text or null, not ${kindOf(value)}.`);
        }
        return;
      case "flag":
        if (typeof value !== "boolean") {
          this.#broken(part, effect, `${shown(name)} is true or false, not ${kindOf(value)}.`);
        }
        return;
      case "texts":
        if (!isList(value) || !value.every((one) => typeof one === "string")) {
          this.#broken(part, effect, `${shown(name)} is a list of texts.`);
        }
    }
  }

  /** A schema of another language cannot be checked by what checks JSON Schema, and is not taken for one that allows everything. */
  #formatted(part: Part, effect: boolean): void {
    const format = child(part, "schemaFormat");
    if (format === undefined) {
      this.check.schema(part);
    } else if (typeof format.value === "string" && !SCHEMA_FORMAT.test(format.value)) {
      const hint = "Describe the payload with JSON Schema.";
      this.check.diagnostics.report(
        "E1004",
        format,
        `Schemas of the format ${shown(format.value)} cannot be checked.`,
        { hint },
      );
    } else this.object(part, "formattedSchema", effect);
  }

  #orReference(part: Part, kind: string, effect: boolean): void {
    const target = this.check.resolver.follow(part);
    if (target === part) {
      this.object(part, kind, effect);
      return;
    }
    if (target === undefined) return;
    // A path item may have fields beside its reference.
    if (kind === "pathItem") this.object(part, kind, effect);
    else this.#beside(part);
    this.#referred.push({ part: target, kind, effect });
  }

  #beside(part: Part): void {
    if (!isObjectPart(part)) return;
    const lost = Object.keys(part.value).filter((name) => !/^(\$ref|summary|description|x-.*)$/.test(name));
    if (lost.length > 0) {
      this.check.diagnostics.report("W1013", part, `Beside $ref, ${lost.map(shown).join(", ")} is ignored.`);
    }
    this.check.extensions("reference", part);
  }

  #referenceTo(part: Part, kind: string, effect: boolean, name: string): void {
    if (!isReference(part)) {
      this.#broken(part, effect, `${shown(name)} is a reference: {$ref: …}.`);
      return;
    }
    const target = this.check.resolver.follow(part);
    if (target !== undefined) this.#referred.push({ part: target, kind, effect });
  }

  #broken(part: Part, effect: boolean, message: string): void {
    this.check.diagnostics.report(effect ? "E1004" : "W1012", part, message);
  }
}

/** AsyncAPI's own schemas, and JSON Schema. */
const SCHEMA_FORMAT = /^application\/(?:vnd\.aai\.asyncapi(?:\+json|\+yaml)?|schema\+(?:json|yaml))(?:;.*)?$/;

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
