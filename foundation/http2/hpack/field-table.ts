/** The dynamic table of one direction of one connection (RFC 7541 §2.3.2, §4). Pure. */
import { STATIC_FIELDS } from "./static-table.ts";

export type TableField = readonly [name: string, value: string];

/** Octets that each entry counts beside its name and value (§4.1). */
const ENTRY_BYTES = 32;
/** Entries that are gone are taken out of the array when they are this many, and more than those that are there. */
const GONE_MAX = 64;

export function sizeOf(name: string, value: string): number {
  return name.length + value.length + ENTRY_BYTES;
}

export class FieldTable {
  /** Oldest first; those before `#first` are gone. */
  #fields: TableField[] = [];
  #first = 0;
  #size = 0;
  #limit: number;
  /** How many were ever put in: the number of the next one. */
  #added = 0;
  readonly #onGone: ((field: TableField, number: number) => void) | undefined;

  /** @param limit octets @param onGone told what leaves, with its number from 0 on */
  constructor(limit: number, onGone?: (field: TableField, number: number) => void) {
    this.#limit = limit;
    this.#onGone = onGone;
  }

  get limit(): number {
    return this.#limit;
  }

  set limit(limit: number) {
    this.#limit = limit;
    this.#shrink(0);
  }

  /** @param index of both tables: from 1 on those that everybody knows, then the newest one first. Undefined: there is none */
  at(index: number): TableField | undefined {
    if (index < STATIC_FIELDS.length) return index === 0 ? undefined : STATIC_FIELDS[index];
    const place = this.#fields.length - 1 - (index - STATIC_FIELDS.length);
    return place < this.#first ? undefined : this.#fields[place];
  }

  /** The index that an entry has now. @param number as `add` has said */
  indexOf(number: number): number {
    return STATIC_FIELDS.length + this.#added - 1 - number;
  }

  /** @returns the number of the entry; undefined when it is larger than the whole table, which is empty then */
  add(name: string, value: string): number | undefined {
    const size = sizeOf(name, value);
    this.#shrink(size);
    if (size > this.#limit) return undefined;
    this.#fields.push([name, value]);
    this.#size += size;
    return this.#added++;
  }

  #shrink(room: number): void {
    while (this.#size + room > this.#limit && this.#first < this.#fields.length) {
      const gone = this.#fields[this.#first]!;
      const number = this.#added - (this.#fields.length - this.#first);
      this.#first++;
      this.#size -= sizeOf(gone[0], gone[1]);
      this.#onGone?.(gone, number);
    }
    if (this.#first < GONE_MAX || this.#first * 2 < this.#fields.length) return;
    this.#fields = this.#fields.slice(this.#first);
    this.#first = 0;
  }
}
