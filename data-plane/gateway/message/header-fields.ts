/** The fields of a message on its way through the gateway. */
import type { Fields } from "#foundation/http1";

/**
 * As they were received until somebody changes them: what only passes through is copied octet for octet, and never made into texts. Names are asked for in lower case and
 * kept as they are written; a name may be there more than once, in order.
 */
export class HeaderFields {
  #received: Fields | undefined;
  /** Name, value, name, value … */
  #raw: string[] | undefined;

  private constructor(received: Fields | undefined, raw: string[] | undefined) {
    this.#received = received;
    this.#raw = raw;
  }

  /** @param fields must stay as they are for as long as the message is in use */
  static received(fields: Fields): HeaderFields {
    return new HeaderFields(fields, undefined);
  }

  /** @param raw name, value, name, value … which is not used by anybody else from now on */
  static of(raw: string[] = []): HeaderFields {
    return new HeaderFields(undefined, raw);
  }

  /** What was received, when nothing was changed; undefined otherwise. */
  get untouched(): Fields | undefined {
    return this.#received;
  }

  /** All values joined with `", "`; undefined when it is absent. @param name in lower case */
  get(name: string): string | undefined {
    if (this.#received !== undefined) return this.#received.get(name);
    let joined: string | undefined;
    for (const value of this.#valuesOf(name)) joined = joined === undefined ? value : `${joined}, ${value}`;
    return joined;
  }

  /** @param name in lower case */
  all(name: string): readonly string[] {
    const received = this.#received;
    if (received === undefined) return [...this.#valuesOf(name)];
    const values: string[] = [];
    for (let i = 0; i < received.count; i++) if (received.isNamed(i, name)) values.push(received.value(i));
    return values;
  }

  /** @param name in lower case */
  has(name: string): boolean {
    return this.#received?.has(name) ?? !this.#valuesOf(name).next().done;
  }

  /** In the place of all that have the name. */
  set(name: string, value: string): void {
    this.delete(name.toLowerCase());
    this.#own().push(name, value);
  }

  append(name: string, value: string): void {
    this.#own().push(name, value);
  }

  /** @param name in lower case */
  delete(name: string): void {
    if (this.#received !== undefined && !this.#received.has(name)) return;
    this.deleteWhere((one) => one === name);
  }

  /** @param isUnwanted told names in lower case */
  deleteWhere(isUnwanted: (name: string) => boolean): void {
    const raw = this.#own();
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
    return this.#received?.toRaw() ?? [...this.#raw!];
  }

  *[Symbol.iterator](): Generator<readonly [name: string, value: string]> {
    const raw = this.#raw ?? this.#received!.toRaw();
    for (let i = 0; i < raw.length; i += 2) yield [raw[i]!, raw[i + 1]!];
  }

  *#valuesOf(name: string): Generator<string> {
    const raw = this.#raw!;
    for (let i = 0; i < raw.length; i += 2) {
      const one = raw[i]!;
      if (one.length === name.length && one.toLowerCase() === name) yield raw[i + 1]!;
    }
  }

  #own(): string[] {
    if (this.#raw === undefined) {
      this.#raw = this.#received!.toRaw();
      this.#received = undefined;
    }
    return this.#raw;
  }
}
