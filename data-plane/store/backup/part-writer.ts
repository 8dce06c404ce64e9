import { type ManifestPart, sha256 } from "./format.ts";
import type { BackupPlace } from "./place.ts";

export interface PartWriterOptions<T> {
  readonly place: BackupPlace;
  /** What the names of the parts begin with. */
  readonly prefix: string;
  readonly team: number | undefined;
  /** A part is put when it has reached so many bytes. */
  readonly partBytes: number;
  readonly bytesOf: (item: T) => number;
  readonly encode: (items: readonly T[]) => Uint8Array;
  readonly onPart: (part: ManifestPart) => void;
}

/** Collects items, and puts them as parts. One call at a time. */
export class PartWriter<T> {
  readonly parts: ManifestPart[] = [];
  private items: T[] = [];
  private bytes = 0;

  constructor(private readonly options: PartWriterOptions<T>) {}

  async add(item: T): Promise<void> {
    this.items.push(item);
    this.bytes += this.options.bytesOf(item);
    if (this.bytes >= this.options.partBytes) await this.put();
  }

  async end(): Promise<void> {
    if (this.items.length > 0) await this.put();
  }

  private async put(): Promise<void> {
    const { items } = this;
    const { place, prefix, team } = this.options;
    this.items = [];
    this.bytes = 0;
    const encoded = this.options.encode(items);
    const part = {
      name: `${prefix}-${this.parts.length + 1}`,
      bytes: encoded.length,
      sha256: sha256(encoded),
      items: items.length,
      team,
    };
    await place.put(part.name, encoded);
    this.parts.push(part);
    this.options.onPart(part);
  }
}
