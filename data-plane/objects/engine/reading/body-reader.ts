/** Bodies of versions: which stored bodies they are made of, and how they are read. */

import type { Database } from "#foundation/sql";
import { type BodyAddress, bodyInMemory, openBodyFiles } from "../bodies/body-files.ts";
import { readRangeNow, type Segment, storedSizeOf, streamSegments } from "../bodies/body-stream.ts";
import { bodyKeyOfRecord } from "../bodies/cipher-record.ts";
import type { MasterKey } from "../bodies/master-key.ts";
import { EngineError } from "../engine-error.ts";
import { encodeKey } from "../model/key-order.ts";
import type { ByteRange, ObjectVersion } from "../port.ts";
import type { PartRow } from "../records/rows.ts";
import { type BodyReference, bodyReferenceOf } from "./decode-version.ts";
import type { RecordReader } from "./record-reader.ts";
import { createSmallBodies } from "./small-bodies.ts";

/** Plain bytes that are read at once, on the calling thread: from the page cache that takes 10 to 30 µs, hops to another thread more. */
export const SMALL_READ_BYTES = 128 * 1024;

/** Segment lists kept: one for each multipart object being read; at 10,000 parts of 24 bytes, 64 lists are 15 MiB. */
const SEGMENT_LISTS_MAX = 64;

export interface BodyReader {
  readSmall(version: ObjectVersion, range: ByteRange | undefined, key: Uint8Array | undefined): Uint8Array | undefined;
  read(version: ObjectVersion, range: ByteRange | undefined, key: Uint8Array | undefined): AsyncIterable<Uint8Array>;
  /** The parts of a multipart object, by number. */
  parts(version: ObjectVersion): readonly PartRow[];
  /** Paths relative to the engine's directory; empty while something is in the journal. */
  locate(version: ObjectVersion): readonly string[];
  /** Uploads whose parts are being read. */
  pinnedUploads(): readonly number[];
}

/** The stored bodies of a multipart object in order: their sizes and where each starts in the object. */
interface SegmentList {
  readonly parts: Uint16Array;
  readonly bodies: Float64Array;
  /** `starts[i]` is where segment i starts; one more entry than segments. */
  readonly starts: Float64Array;
}

export function openBodyReader(
  database: Database,
  reader: RecordReader,
  masterKey: MasterKey,
  root: string,
): BodyReader {
  const files = openBodyFiles(database, root);
  const smallBodies = createSmallBodies();
  const lists = new Map<number, SegmentList>();
  const pins = new Map<number, number>();

  const reference = (version: ObjectVersion): BodyReference => {
    const known = bodyReferenceOf(version);
    if (known !== undefined) return known;
    throw new TypeError("the version was not read from this engine");
  };

  const segmentList = (upload: number): SegmentList => {
    const known = lists.get(upload);
    if (known !== undefined) return known;
    const rows = reader.parts(upload);
    const starts = new Float64Array(rows.length + 1);
    rows.forEach((row, index) => {
      starts[index + 1] = starts[index]! + row.size;
    });
    const list: SegmentList = {
      parts: Uint16Array.from(rows, (row) => row.part),
      bodies: Float64Array.from(rows, (row) => row.body),
      starts,
    };
    lists.set(upload, list);
    if (lists.size > SEGMENT_LISTS_MAX) lists.delete(lists.keys().next().value!);
    return list;
  };

  const addressOf = (version: ObjectVersion, cipher: string | null) => {
    const place = reader.place(version.bucketId);
    if (place === undefined) throw new EngineError("NoSuchKey");
    const key = encodeKey(version.key);
    return (body: number, part: number, size: number): BodyAddress => ({
      directory: place.directory,
      key,
      body,
      part,
      storedSize: storedSizeOf(size, cipher !== null),
    });
  };

  /** The stored bodies that hold `range`, in order. */
  const segmentsOf = (version: ObjectVersion, range: ByteRange): readonly Segment[] => {
    const { body, upload, cipher } = reference(version);
    const address = addressOf(version, cipher);
    if (body !== null) {
      const { size } = version;
      return [{ size, range, open: () => files.open(address(body, 0, size)) }];
    }
    if (upload === null) return [];
    const list = segmentList(upload);
    if (list.starts.at(-1) !== version.size) throw new EngineError("Corrupt");
    const segments: Segment[] = [];
    for (let index = firstAt(list.starts, range.start); index < list.bodies.length; index++) {
      const start = list.starts[index]!;
      if (start >= range.end) break;
      const size = list.starts[index + 1]! - start;
      if (size === 0) continue;
      segments.push({
        size,
        range: { start: Math.max(0, range.start - start), end: Math.min(size, range.end - start) },
        open: () => files.open(address(list.bodies[index]!, list.parts[index]!, size)),
      });
    }
    return segments;
  };

  const whole = (version: ObjectVersion): ByteRange => ({ start: 0, end: version.size });

  return {
    readSmall(version, range = whole(version), key) {
      const length = range.end - range.start;
      if (length > SMALL_READ_BYTES || version.deleteMarker) return undefined;
      const { body, cipher } = reference(version);
      const objectKey = cipher === null ? null : (bodyKeyOfRecord(cipher, key, masterKey)?.key ?? null);
      const kept = body === null ? undefined : smallBodies.get(body);
      if (kept !== undefined) return readRangeNow(bodyInMemory(kept), version.size, range, objectKey);
      const segments = segmentsOf(version, range);
      const segment = segments[0];
      if (segment === undefined) return new Uint8Array(0);
      if (segments.length > 1) return undefined;
      const opened = segment.open();
      try {
        if (body === null || version.size > SMALL_READ_BYTES) {
          return readRangeNow(opened, segment.size, segment.range, objectKey);
        }
        const stored = opened.readNow(0, storedSizeOf(version.size, cipher !== null));
        const plain = readRangeNow(bodyInMemory(stored), version.size, range, objectKey);
        // Only now: what does not open must not be kept, the file may be repaired.
        smallBodies.keep(body, stored);
        return plain;
      } finally {
        opened.close();
      }
    },
    read(version, range = whole(version), key) {
      const { upload, cipher } = reference(version);
      const objectKey = bodyKeyOfRecord(cipher, key, masterKey)?.key ?? null;
      const segments = segmentsOf(version, range);
      if (upload === null) return streamSegments(segments, objectKey, () => undefined);
      pins.set(upload, (pins.get(upload) ?? 0) + 1);
      return streamSegments(segments, objectKey, () => {
        const left = (pins.get(upload) ?? 0) - 1;
        if (left > 0) pins.set(upload, left);
        else pins.delete(upload);
      });
    },
    parts(version) {
      const { upload } = reference(version);
      return upload === null ? [] : reader.parts(upload);
    },
    locate(version) {
      const { body, upload, cipher } = reference(version);
      const address = addressOf(version, cipher);
      const addresses: BodyAddress[] = [];
      if (body !== null) addresses.push(address(body, 0, version.size));
      else if (upload !== null) {
        const list = segmentList(upload);
        list.bodies.forEach((number, index) => {
          addresses.push(address(number, list.parts[index]!, list.starts[index + 1]! - list.starts[index]!));
        });
      }
      const paths = addresses.map((one) => files.locate(one));
      return paths.filter((path) => path !== undefined);
    },
    pinnedUploads: () => [...pins.keys()],
  };
}

/** The segment that holds byte `position`: the last that starts at or before it. */
function firstAt(starts: Float64Array, position: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low + 1 < high) {
    const middle = (low + high) >>> 1;
    if (starts[middle]! <= position) low = middle;
    else high = middle;
  }
  return low;
}
