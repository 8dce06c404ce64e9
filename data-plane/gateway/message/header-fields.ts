/** The fields of a message on its way through the gateway. */
import type { Fields } from "#foundation/http1";

/**
 * As they were received until somebody changes them: what only passes through is copied octet for octet, and never made into texts. Names are asked for in lower case and
 * kept as they are written; a name may be there more than once, in order.
 */
export class HeaderFields {
  #received: Fields | undefined;
  /** All of them when something received was changed or taken off; what was added to the received ones otherwise. Name, value, name, value … */
  #raw: string[];

  private constructor(received: Fields | undefined, raw: string[]) {
    this.#received = received;
    this.#raw = raw;
  }

  /** @param fields must stay as they are for as long as the message is in use */
  static received(fields: Fields): HeaderFields {
    return new HeaderFields(fields, []);
  }

  /** @param raw name, value, name, value … which is not used by anybody else from now on */
  static of(raw: string[] = []): HeaderFields {
    return new HeaderFields(undefined, raw);
  }

  /** What was received, when nothing of it was changed or taken off; undefined otherwise. */
  get untouched(): Fields | undefined {
    return this.#received;
  }

  /** What was added to `untouched`; all fields where there is no such thing. Not to be changed. */
  get added(): readonly string[] {
    return this.#raw;
  }

  /** All values joined with `", "`; undefined when it is absent. @param name in lower case */
  get(name: string): string | undefined {
    let joined = this.#received?.get(name);
    if (this.#raw.length === 0) return joined;
    const raw = this.#raw;
    for (let at = placeIn(raw, name, 0); at !== -1; at = placeIn(raw, name, at + 2)) {
      const value = raw[at + 1]!;
      joined = joined === undefined ? value : `${joined}, ${value}`;
    }
    return joined;
  }

  /** @param name in lower case */
  all(name: string): readonly string[] {
    const received = this.#received;
    const values: string[] = [];
    if (received !== undefined) {
      for (let i = 0; i < received.count; i++) if (received.isNamed(i, name)) values.push(received.value(i));
    }
    const raw = this.#raw;
    for (let at = placeIn(raw, name, 0); at !== -1; at = placeIn(raw, name, at + 2)) values.push(raw[at + 1]!);
    return values;
  }

  /** @param name in lower case */
  has(name: string): boolean {
    return this.#received?.has(name) === true || placeIn(this.#raw, name, 0) !== -1;
  }

  /** In the place of all that have the name. */
  set(name: string, value: string): void {
    this.delete(name.toLowerCase());
    this.#raw.push(name, value);
  }

  append(name: string, value: string): void {
    this.#raw.push(name, value);
  }

  /** @param name in lower case */
  delete(name: string): void {
    const isReceived = this.#received?.has(name) === true;
    if (!isReceived && placeIn(this.#raw, name, 0) === -1) return;
    if (isReceived) this.#own();
    this.#filter((one) => one === name);
  }

  /** @param isUnwanted told names in lower case */
  deleteWhere(isUnwanted: (name: string) => boolean): void {
    this.#own();
    this.#filter(isUnwanted);
  }

  #filter(isUnwanted: (name: string) => boolean): void {
    const raw = this.#raw;
    let kept = 0;
    for (let i = 0; i < raw.length; i += 2) {
      if (isUnwanted(raw[i]!.toLowerCase())) continue;
      raw[kept] = raw[i]!;
      raw[kept + 1] = raw[i + 1]!;
      kept += 2;
    }
    raw.length = kept;
  }

  /** Makes them independent of what was received, whose memory is used again for the next message. */
  detach(): void {
    this.#own();
  }

  /** Name, value, name, value … as they are written. The caller's to keep. */
  toRaw(): string[] {
    return this.#received === undefined ? [...this.#raw] : [...this.#received.toRaw(), ...this.#raw];
  }

  *[Symbol.iterator](): Generator<readonly [name: string, value: string]> {
    const raw = this.toRaw();
    for (let i = 0; i < raw.length; i += 2) yield [raw[i]!, raw[i + 1]!];
  }

  #own(): void {
    if (this.#received === undefined) return;
    this.#raw = this.toRaw();
    this.#received = undefined;
  }
}

/** Where the next field of the name is; -1 for none. @param name in lower case @param from an even number */
function placeIn(raw: readonly string[], name: string, from: number): number {
  for (let at = from; at < raw.length; at += 2) {
    const one = raw[at]!;
    if (one.length === name.length && (one === name || one.toLowerCase() === name)) return at;
  }
  return -1;
}
