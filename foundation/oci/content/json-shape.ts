/** Reads JSON that a stranger wrote: each access says what it expects, and where. */

import { layerInvalid } from "../errors.ts";

/** A place in a document. Absent and null count as not given. */
export class Place {
  readonly #value: unknown;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    this.#value = value ?? undefined;
    this.#path = path;
  }

  /** @throws image_layer_invalid when the bytes are not JSON */
  static parse(bytes: Uint8Array, what: string): Place {
    try {
      return new Place(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)), what);
    } catch (error) {
      throw layerInvalid(`The ${what} is not JSON.`, error);
    }
  }

  get given(): boolean {
    return this.#value !== undefined;
  }

  at(key: string): Place {
    if (typeof this.#value !== "object" || this.#value === null || Array.isArray(this.#value)) {
      throw this.wrong("an object");
    }
    const value = Object.hasOwn(this.#value, key) ? (this.#value as Record<string, unknown>)[key] : undefined;
    return new Place(value, `${this.#path}.${key}`);
  }

  text(): string {
    if (typeof this.#value !== "string") throw this.wrong("a text");
    return this.#value;
  }

  textOr<Fallback>(fallback: Fallback): string | Fallback {
    return this.given ? this.text() : fallback;
  }

  /** A whole number from 0. */
  count(): number {
    if (!Number.isSafeInteger(this.#value) || (this.#value as number) < 0) throw this.wrong("a whole number from 0");
    return this.#value as number;
  }

  list(): readonly Place[] {
    if (!this.given) return [];
    if (!Array.isArray(this.#value)) throw this.wrong("a list");
    return this.#value.map((value, index) => new Place(value, `${this.#path}[${index}]`));
  }

  texts(): readonly string[] {
    return this.list().map((place) => place.text());
  }

  /** Names of the members; none when not given. */
  keys(): readonly string[] {
    if (!this.given) return [];
    if (typeof this.#value !== "object" || Array.isArray(this.#value)) throw this.wrong("an object");
    return Object.keys(this.#value as object);
  }

  textMap(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.keys().map((key) => [key, this.at(key).text()]));
  }

  wrong(expected: string): Error {
    return layerInvalid(`${this.#path} is not ${expected}.`);
  }
}
