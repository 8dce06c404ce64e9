/** Flow collections of the fast YAML reader: `[a, b]`, `{a: 1}`, also over several lines. */
import { quotedText } from "./common-yaml-scalars.ts";
import { anchorName, giveUp, lineEnd } from "./common-yaml-text.ts";
import { plainScalar } from "./yaml-scalars.ts";

export interface FlowValue {
  readonly at: number;
  readonly items?: readonly FlowValue[];
  readonly entries?: readonly { readonly name: string; readonly keyAt: number; readonly value: FlowValue }[];
  /** The name of what is meant. */
  readonly alias?: string;
  readonly scalar: string | number | boolean | null;
}

/** @param parent lines that continue it are indented further than this */
export function readFlow(
  text: string,
  at: number,
  parent: number,
  depthMax: number,
): { readonly value: FlowValue; readonly end: number } {
  const reading = new FlowReading(text, at, parent);
  return { value: reading.value(depthMax), end: reading.at };
}

const PLAIN = /(?:[^\s,[\]{}#&*!|>'"%@`?:-]|-(?=\d))(?:[^\n\r\t,[\]{}:#]|:(?=[^\s,[\]{}]))*/y;

class FlowReading {
  constructor(
    private readonly text: string,
    public at: number,
    private readonly parent: number,
  ) {}

  value(depthMax: number): FlowValue {
    if (depthMax <= 0) giveUp();
    const { at } = this;
    switch (this.text[at]) {
      case "[":
        return { at, scalar: null, items: this.#list(depthMax) };
      case "{":
        return { at, scalar: null, entries: this.#map(depthMax) };
      case '"':
      case "'":
        return { at, scalar: this.#quoted() };
      case "*":
        return { at, scalar: null, alias: this.#alias() };
      default: {
        const scalar = plainScalar(this.#plain());
        if (scalar === undefined) giveUp();
        return { at, scalar };
      }
    }
  }

  #list(depthMax: number): readonly FlowValue[] {
    const items: FlowValue[] = [];
    for (this.#step(); this.text[this.at] !== "]"; ) {
      items.push(this.value(depthMax - 1));
      this.#space();
      // `[a: b]` is a list with an object in it.
      if (!this.#comma("]")) break;
    }
    this.at++;
    return items;
  }

  #map(depthMax: number): NonNullable<FlowValue["entries"]> {
    const entries: { name: string; keyAt: number; value: FlowValue }[] = [];
    for (this.#step(); this.text[this.at] !== "}"; ) {
      const keyAt = this.at;
      const quoted = /["']/.test(this.text[keyAt] ?? "");
      const name = quoted ? this.#quoted() : this.#plain();
      if (name === "<<") giveUp();
      if (this.text[this.at] !== ":") giveUp();
      this.#step();
      if (/[,}]/.test(this.text[this.at] ?? "")) giveUp();
      entries.push({ name, keyAt, value: this.value(depthMax - 1) });
      this.#space();
      if (!this.#comma("}")) break;
    }
    this.at++;
    return entries;
  }

  /** Whether another one follows. */
  #comma(bracket: string): boolean {
    if (this.text[this.at] === bracket) return false;
    if (this.text[this.at] !== ",") giveUp();
    this.#step();
    return this.text[this.at] !== bracket;
  }

  #step(): void {
    this.at++;
    this.#space();
  }

  #alias(): string {
    const name = anchorName(this.text, this.at);
    this.at += 1 + name.length;
    if (!/[\s,\]}]/.test(this.text[this.at] ?? "")) giveUp();
    return name;
  }

  #quoted(): string {
    const read = quotedText(this.text, this.at, lineEnd(this.text, this.at));
    if (read === undefined) giveUp();
    this.at = read.end;
    return read.value;
  }

  #plain(): string {
    PLAIN.lastIndex = this.at;
    const match = PLAIN.exec(this.text);
    if (match === null || match[0].includes(" #")) giveUp();
    this.at += match[0].length;
    const next = this.text[this.at] ?? "";
    // It may go on: on the next line, or after a character that is rare.
    if (!/[,[\]{}:]/.test(next)) giveUp();
    return match[0].trimEnd();
  }

  /** Spaces and line breaks; comments are rare. */
  #space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code === 32) this.at++;
      else if (code === 13 || code === 10) this.#newLine();
      else if (code === 35 || code === 9 || Number.isNaN(code)) giveUp();
      else return;
    }
  }

  #newLine(): void {
    const line = lineEnd(this.text, this.at) + 1;
    let start = line;
    while (this.text.charCodeAt(start) === 32) start++;
    const code = this.text.charCodeAt(start);
    // An empty line says nothing about indentation.
    if (code !== 10 && code !== 13 && start - line <= this.parent) giveUp();
    this.at = start;
  }
}
