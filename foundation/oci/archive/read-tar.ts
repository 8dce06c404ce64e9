/**
 * The entries of a tar archive, one after another, in memory that does not grow with the archive.
 *
 * Reads ustar, pax (extended and global headers), old GNU (long names, sparse files) and v7. What is not well formed is refused with
 * `image_layer_invalid`; unknown kinds of entries are refused too, because leaving them out would make another file system than the author's.
 */

import { layerInvalid } from "../errors.ts";
import { ByteReader } from "./byte-reader.ts";
import { mergePax, NO_RECORDS, type PaxRecords, parsePax, paxInteger, paxTime } from "./pax.ts";
import { readOldGnuSparse, readPaxSparse, type Segment, type SparseLayout } from "./sparse.ts";
import type { FilePiece, TarEntry, TarKind } from "./tar-entry.ts";
import { BLOCK, decodeName, isZeroBlock, parseTarHeader, type TarHeader } from "./tar-header.ts";

/** Extended headers and long names are held in memory. */
const EXTENDED_BYTES_MAX = 1024 * 1024;
/** Extended headers before one entry: a chain of them must not be endless. */
const EXTENDED_HEADERS_MAX = 16;
const PIECE_BYTES = 256 * 1024;

const KINDS: Readonly<Record<string, TarKind>> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  S: "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "character",
  "4": "block",
  "5": "directory",
  "6": "fifo",
};

/** What the headers before an entry say about it. */
interface Extension {
  readonly records: PaxRecords;
  readonly longName?: string;
  readonly longLink?: string;
}

/**
 * Yields the entries in the order of the archive, then reads on to the end of the source, so that whoever counts or hashes it sees every byte.
 *
 * @throws image_layer_invalid
 */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry, void, void> {
  const reader = new ByteReader(source);
  let globals = NO_RECORDS;
  let extension: Extension = { records: NO_RECORDS };
  let extensions = 0;
  try {
    for (;;) {
      const block = await reader.take(BLOCK);
      // Some writers leave out the two empty blocks at the end: the end of the source between two entries is the end of the archive.
      if (block.length === 0 || (block.length === BLOCK && isZeroBlock(block))) break;
      if (block.length < BLOCK) throw layerInvalid("The archive ends within a header.");
      const header = parseTarHeader(block);
      if (header.type === "g" || header.type === "x" || header.type === "L" || header.type === "K") {
        if (++extensions > EXTENDED_HEADERS_MAX)
          throw layerInvalid("The archive has too many extended headers in a row.");
        const bytes = await readExtended(header, reader);
        if (header.type === "g") globals = mergePax(globals, parsePax(bytes));
        else extension = extend(extension, header.type, bytes);
        continue;
      }
      const records = mergePax(globals, extension.records);
      yield* readEntry(header, block.slice(), { ...extension, records }, reader);
      extension = { records: NO_RECORDS };
      extensions = 0;
    }
    if (extensions > 0 && extension.records !== NO_RECORDS)
      throw layerInvalid("The archive ends after an extended header.");
    while ((await reader.some(PIECE_BYTES)).length > 0);
  } finally {
    await reader.close();
  }
}

async function readExtended(header: TarHeader, reader: ByteReader): Promise<Uint8Array> {
  if (header.size > EXTENDED_BYTES_MAX) throw layerInvalid("An extended header of the archive is too long.");
  const padded = paddedSize(header.size);
  const bytes = await reader.take(padded);
  if (bytes.length < padded) throw layerInvalid("The archive ends within an extended header.");
  return bytes.slice(0, header.size);
}

function extend(extension: Extension, type: "x" | "L" | "K", bytes: Uint8Array): Extension {
  if (type === "x") return { ...extension, records: mergePax(extension.records, parsePax(bytes)) };
  const end = bytes.indexOf(0);
  const text = decodeName(end < 0 ? bytes : bytes.subarray(0, end));
  return type === "L" ? { ...extension, longName: text } : { ...extension, longLink: text };
}

function paddedSize(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

/** Yields one entry and leaves the reader behind it, whatever the consumer has read. */
async function* readEntry(
  header: TarHeader,
  block: Uint8Array,
  extension: Extension,
  reader: ByteReader,
): AsyncGenerator<TarEntry, void, void> {
  const { records } = extension;
  const written = present(records.values.get("path")) ?? extension.longName ?? header.name;
  // v7 archives mark directories by their name alone.
  const kind =
    header.type === "0" || header.type === "\0" ? (written.endsWith("/") ? "directory" : "file") : KINDS[header.type];
  if (kind === undefined)
    throw layerInvalid(`The archive holds an entry of the unknown kind ${JSON.stringify(header.type)}.`);
  // Directories and links carry no data, whatever their size says (old tars note the target's size for hard links).
  const dataBytes = kind === "file" ? (paxInteger(records, "size") ?? header.size) : 0;
  const sparse =
    kind !== "file"
      ? undefined
      : header.type === "S"
        ? await readOldGnuSparse(block, reader)
        : await readPaxSparse(records, dataBytes, reader);
  const path = (sparse && present(records.values.get("GNU.sparse.name"))) ?? written;
  const contents = new EntryContents(reader, path, dataBytes, sparse);
  yield {
    path: path.replace(/\/+$/, "") || (path === "" ? "" : "/"),
    kind,
    mode: header.mode,
    uid: paxInteger(records, "uid") ?? header.uid,
    gid: paxInteger(records, "gid") ?? header.gid,
    sizeBytes: kind === "file" ? (sparse?.realSize ?? dataBytes) : 0,
    modifiedMs: (paxTime(records) ?? header.modifiedSeconds) * 1000,
    linkPath:
      kind === "symlink" || kind === "hardlink"
        ? (present(records.values.get("linkpath")) ?? extension.longLink ?? header.linkName)
        : "",
    xattrs: records.xattrs,
    dataStart: kind === "file" && sparse === undefined ? reader.position : undefined,
    pieces: () => contents.pieces(),
  };
  await contents.skipRest();
}

function present(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

/** The bytes of one entry, read at most once. */
class EntryContents {
  readonly #reader: ByteReader;
  readonly #path: string;
  readonly #segments: readonly Segment[];
  readonly #padding: number;
  #left: number;
  #begun = false;

  constructor(reader: ByteReader, path: string, dataBytes: number, sparse: SparseLayout | undefined) {
    this.#reader = reader;
    this.#path = path;
    this.#segments = sparse?.segments ?? [{ offset: 0, length: dataBytes }];
    this.#left = dataBytes - (sparse?.mapBytes ?? 0);
    this.#padding = paddedSize(dataBytes) - dataBytes;
    const needed = this.#segments.reduce((sum, segment) => sum + segment.length, 0);
    if (needed !== this.#left) throw layerInvalid(`The pieces of ${JSON.stringify(path)} do not fit its size.`);
  }

  async *pieces(): AsyncGenerator<FilePiece, void, void> {
    if (this.#begun) throw new Error("The contents of an entry can be read once.");
    this.#begun = true;
    for (const segment of this.#segments) {
      let done = 0;
      while (done < segment.length) {
        const bytes = await this.#reader.some(Math.min(segment.length - done, PIECE_BYTES));
        if (bytes.length === 0) throw this.#truncated();
        this.#left -= bytes.length;
        const offset = segment.offset + done;
        done += bytes.length;
        yield { offset, bytes };
      }
    }
  }

  async skipRest(): Promise<void> {
    const rest = this.#left + this.#padding;
    this.#begun = true;
    this.#left = 0;
    if ((await this.#reader.skip(rest)) < rest) throw this.#truncated();
  }

  #truncated(): Error {
    return layerInvalid(`The archive ends within ${JSON.stringify(this.#path)}.`);
  }
}
