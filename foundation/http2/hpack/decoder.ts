/** Reads field sections (RFC 7541). Pure. */
import { FieldTable, sizeOf } from "./field-table.ts";
import { huffmanDecoded } from "./huffman.ts";

/** What both ends keep is not the same any more: the connection is of no use (COMPRESSION_ERROR). */
export class BrokenCompression extends Error {
  override readonly name = "BrokenCompression";
}

/** 2^28 is more than any index or length here, and far from where bit operations end. */
const SHIFT_MAX = 28;

export class FieldDecoder {
  readonly #table: FieldTable;
  readonly #tableBytesMax: number;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;

  /** @param tableBytesMax as SETTINGS_HEADER_TABLE_SIZE says */
  constructor(tableBytesMax: number) {
    this.#table = new FieldTable(tableBytesMax);
    this.#tableBytesMax = tableBytesMax;
  }

  /**
   * Reads a whole section.
   *
   * @param listBytesMax of all fields, counted as §4.1 does
   * @param onField told each, in order, as long as they are not too many octets. One character for each octet
   * @returns whether they were not too many: all of them are read in any case, for later sections build on this one
   * @throws BrokenCompression
   */
  decode(section: Buffer, listBytesMax: number, onField: (name: string, value: string) => void): boolean {
    this.#bytes = section;
    this.#at = 0;
    this.#end = section.length;
    let left = listBytesMax;
    let mayResize = true;
    while (this.#at < this.#end) {
      const first = section[this.#at]!;
      if ((first & 0xe0) === 0x20) {
        if (!mayResize) throw new BrokenCompression("The table changes its size behind a field.");
        this.#resize(this.#integer(5));
        continue;
      }
      mayResize = false;
      let name: string;
      let value: string;
      if (first >= 0x80) {
        [name, value] = this.#field(this.#integer(7));
      } else {
        const isKept = (first & 0x40) !== 0;
        const index = this.#integer(isKept ? 6 : 4);
        name = index === 0 ? this.#text() : this.#field(index)[0];
        value = this.#text();
        if (isKept) this.#table.add(name, value);
      }
      left -= sizeOf(name, value);
      if (left >= 0) onField(name, value);
    }
    return left >= 0;
  }

  #resize(bytes: number): void {
    if (bytes > this.#tableBytesMax) throw new BrokenCompression("The table becomes larger than it may.");
    this.#table.limit = bytes;
  }

  #field(index: number): readonly [name: string, value: string] {
    const field = this.#table.at(index);
    if (field === undefined) throw new BrokenCompression(`There is no field ${index}.`);
    return field;
  }

  /** §5.1. */
  #integer(bits: number): number {
    const mask = (1 << bits) - 1;
    let value = this.#octet() & mask;
    if (value < mask) return value;
    for (let shift = 0; shift < SHIFT_MAX; shift += 7) {
      const octet = this.#octet();
      value += (octet & 0x7f) << shift;
      if (octet < 0x80) return value;
    }
    throw new BrokenCompression("A number is too large.");
  }

  /** §5.2. */
  #text(): string {
    if (this.#at >= this.#end) throw new BrokenCompression("A field breaks off.");
    const isCoded = this.#bytes[this.#at]! >= 0x80;
    const length = this.#integer(7);
    const from = this.#at;
    const to = from + length;
    if (to > this.#end) throw new BrokenCompression("A field breaks off.");
    this.#at = to;
    if (!isCoded) return this.#bytes.toString("latin1", from, to);
    const text = huffmanDecoded(this.#bytes, from, to);
    if (text === undefined) throw new BrokenCompression("A text is not of the Huffman code.");
    return text;
  }

  #octet(): number {
    if (this.#at >= this.#end) throw new BrokenCompression("A field breaks off.");
    return this.#bytes[this.#at++]!;
  }
}
