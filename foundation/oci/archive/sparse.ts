/**
 * Files with holes: where the bytes that are there belong (GNU tar manual, "Storing Sparse Files"; versions old GNU, 0.0, 0.1 and 1.0).
 */

import { layerInvalid } from "../errors.ts";
import type { ByteReader } from "./byte-reader.ts";
import { type PaxRecords, paxInteger, paxNumber } from "./pax.ts";
import { BLOCK, fieldNumber } from "./tar-header.ts";

export interface Segment {
  readonly offset: number;
  readonly length: number;
}

export interface SparseLayout {
  readonly segments: readonly Segment[];
  /** Size of the file with its holes. */
  readonly realSize: number;
  /** Bytes of the entry's data that the map itself took (version 1.0). */
  readonly mapBytes: number;
}

/** A file with more pieces than this is no honest file: each costs memory. */
const SEGMENTS_MAX = 1_000_000;

/** The map in the header of type `S` and the blocks that continue it. */
export async function readOldGnuSparse(header: Uint8Array, reader: ByteReader): Promise<SparseLayout> {
  const segments: Segment[] = [];
  const realSize = fieldNumber(header, 483, 12, "real size");
  let more = header[482] !== 0;
  addFields(header, 386, 4, segments);
  while (more) {
    const block = await reader.take(BLOCK);
    if (block.length < BLOCK) throw layerInvalid("The archive ends within the map of a sparse file.");
    addFields(block, 0, 21, segments);
    more = block[504] !== 0;
  }
  return checked(segments, realSize, 0);
}

function addFields(block: Uint8Array, start: number, count: number, into: Segment[]): void {
  for (let index = 0; index < count; index++) {
    const at = start + index * 24;
    // An unused place is all zeros; an empty segment at the end of the file marks its size.
    if (block[at] === 0 && block[at + 12] === 0) continue;
    push(into, fieldNumber(block, at, 12, "sparse offset"), fieldNumber(block, at + 12, 12, "sparse length"));
  }
}

/** The map that extended headers give, or undefined when the file has none. Version 1.0 reads the map from the start of the data. */
export async function readPaxSparse(
  records: PaxRecords,
  dataBytes: number,
  reader: ByteReader,
): Promise<SparseLayout | undefined> {
  const major = records.values.get("GNU.sparse.major");
  if (major === "1") {
    const realSize = paxInteger(records, "GNU.sparse.realsize");
    if (realSize === undefined) throw layerInvalid("A sparse file of the archive does not say its size.");
    return await readMapOfData(realSize, dataBytes, reader);
  }
  const map = records.values.get("GNU.sparse.map")?.split(",") ?? records.sparsePairs;
  const realSize = paxInteger(records, "GNU.sparse.size") ?? paxInteger(records, "GNU.sparse.realsize");
  if (realSize === undefined) return undefined;
  const segments: Segment[] = [];
  const numbers = map.length === 1 && map[0] === "" ? [] : map;
  if (numbers.length % 2 !== 0) throw layerInvalid("The map of a sparse file is not well formed.");
  for (let at = 0; at < numbers.length; at += 2) {
    push(segments, paxNumber(numbers[at]!, "sparse offset"), paxNumber(numbers[at + 1]!, "sparse length"));
  }
  return checked(segments, realSize, 0);
}

/** Version 1.0: decimal numbers, one a line, first how many pairs follow; padded to whole blocks. */
async function readMapOfData(realSize: number, dataBytes: number, reader: ByteReader): Promise<SparseLayout> {
  let text = "";
  let mapBytes = 0;
  const nextNumber = async (): Promise<number> => {
    for (;;) {
      const end = text.indexOf("\n");
      if (end >= 0) {
        const line = text.slice(0, end);
        text = text.slice(end + 1);
        return paxNumber(line, "sparse map");
      }
      if (text.length > 20 || mapBytes + BLOCK > dataBytes) {
        throw layerInvalid("The map of a sparse file is not well formed.");
      }
      const block = await reader.take(BLOCK);
      if (block.length < BLOCK) throw layerInvalid("The archive ends within the map of a sparse file.");
      text += Buffer.from(block).toString("latin1");
      mapBytes += BLOCK;
    }
  };
  const count = await nextNumber();
  if (count > SEGMENTS_MAX) throw layerInvalid(`A sparse file has more than ${SEGMENTS_MAX} pieces.`);
  const segments: Segment[] = [];
  for (let index = 0; index < count; index++) push(segments, await nextNumber(), await nextNumber());
  return checked(segments, realSize, mapBytes);
}

function push(into: Segment[], offset: number, length: number): void {
  if (into.length >= SEGMENTS_MAX) throw layerInvalid(`A sparse file has more than ${SEGMENTS_MAX} pieces.`);
  into.push({ offset, length });
}

function checked(segments: readonly Segment[], realSize: number, mapBytes: number): SparseLayout {
  let end = 0;
  for (const segment of segments) {
    if (segment.offset < end || segment.length < 0) throw layerInvalid("The pieces of a sparse file overlap.");
    end = segment.offset + segment.length;
  }
  if (realSize < 0 || !Number.isSafeInteger(end) || end > realSize) {
    throw layerInvalid("A piece of a sparse file lies beyond its end.");
  }
  return { segments, realSize, mapBytes };
}
