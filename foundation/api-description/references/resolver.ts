/** Follows references. */
import type { Diagnostics } from "../diagnostics/diagnostic.ts";
import { nearestName } from "../diagnostics/did-you-mean.ts";
import { isObject, kindOf, pointerStep, pointerSteps, stepInto } from "../source/json-value.ts";
import { resolveAddress } from "./addresses.ts";
import type { DocumentSet } from "./document-set.ts";
import { child, isObjectPart, type Part, placeKey } from "./part.ts";

export class Resolver {
  /** Anchors in schemas, by address and name. */
  readonly #anchors = new Map<string, Part>();
  /** What was meant is looked for a few times only: each time takes long where there are many names. */
  #suggestionsLeft = 100;
  readonly #followed = new Map<string, Part | undefined>();

  constructor(
    readonly documents: DocumentSet,
    private readonly diagnostics: Diagnostics,
  ) {}

  registerAnchor(base: string, name: string, part: Part): void {
    const key = `${base}#${name}`;
    if (!this.#anchors.has(key)) this.#anchors.set(key, part);
  }

  /**
   * What a Reference Object leads to in the end; the part itself when it is none. Undefined: it leads nowhere, which has been reported.
   */
  follow(part: Part): Part | undefined {
    if (!isReference(part)) return part;
    const key = placeKey(part);
    if (this.#followed.has(key)) return this.#followed.get(key);
    const passed = new Set([key]);
    let at: Part | undefined = part;
    while (at !== undefined && isReference(at)) {
      const reference: Part = child(at, "$ref")!;
      const next: Part | undefined = this.resolve(reference, this.documents.baseOf(at.document));
      if (next !== undefined && passed.has(placeKey(next))) {
        this.diagnostics.report("E1007", reference, "This reference leads back to itself.");
        at = undefined;
        break;
      }
      at = next;
      if (at !== undefined) passed.add(placeKey(at));
    }
    for (const one of passed) if (at === undefined || one !== placeKey(at)) this.#followed.set(one, at);
    return at;
  }

  /**
   * What the text of one reference leads to; undefined when that is nothing, which has been reported.
   *
   * @param reference the value of `$ref`
   * @param base the address that it is relative to
   */
  resolve(reference: Part, base: string): Part | undefined {
    const { value } = reference;
    if (typeof value !== "string") {
      this.diagnostics.report("E1003", reference, `A reference is text, not ${kindOf(value)}.`, { at: "value" });
      return undefined;
    }
    const address = resolveAddress(value, base);
    if ("refused" in address) {
      const code = address.refused === "outside" ? "E1008" : "E1003";
      this.diagnostics.report(code, reference, `${shown(value)} cannot be followed: ${address.reason}.`);
      return undefined;
    }
    const start = this.documents.locate(address.uri, reference);
    if (start === undefined) return undefined;
    return this.#inside(start, address.uri, address.fragment, reference);
  }

  #inside(start: Part, uri: string, fragment: string, reference: Part): Part | undefined {
    if (fragment === "") return start;
    const pointer = percentDecoded(fragment);
    if (pointer !== undefined && !pointer.startsWith("/")) {
      // A file that says its own address has its anchors there.
      const own = this.documents.addressOf(start) ?? uri;
      const anchored = this.#anchors.get(`${own}#${pointer}`) ?? this.#anchors.get(`${uri}#${pointer}`);
      if (anchored === undefined) this.#nowhere(reference, "there is no such anchor");
      return anchored;
    }
    const steps = pointer === undefined ? undefined : pointerSteps(pointer);
    if (steps === undefined) {
      this.#nowhere(reference, "its fragment is no JSON Pointer");
      return undefined;
    }
    let at: Part = start;
    for (const step of steps) {
      const value = stepInto(at.value, step);
      if (value === undefined) {
        this.#missing(reference, at, step);
        return undefined;
      }
      at = { document: at.document, pointer: at.pointer + pointerStep(step), value };
    }
    return at;
  }

  #missing(reference: Part, at: Part, step: string): void {
    const where = at.pointer === "" ? at.document.file : `${at.document.file}#${at.pointer}`;
    if (isReference(at)) {
      const hint = "Refer to what is behind that reference instead.";
      this.#nowhere(reference, `${where} is itself a reference, which a pointer does not go through`, hint);
      return;
    }
    const near =
      isObject(at.value) && this.#suggestionsLeft-- > 0 ? nearestName(step, Object.keys(at.value)) : undefined;
    const hint = near === undefined ? undefined : `Did you mean ${shown(near)}?`;
    this.#nowhere(reference, `${where} has no ${shown(step)}`, hint);
  }

  #nowhere(reference: Part, reason: string, hint?: string): void {
    const message = `${shown(String(reference.value))} leads nowhere: ${reason}.`;
    this.diagnostics.report("E1003", reference, message, { hint });
  }
}

/** Anything with `$ref` where a Reference Object may stand. */
export const isReference = (part: Part): boolean => isObjectPart(part) && part.value.$ref !== undefined;

/** Text of anyone's in a sentence. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
