/** Byte ranges of reads and of part copies (RFC 9110 §14; Amazon S3 API reference, GetObject and UploadPartCopy). */
import type { ByteRange } from "../engine/port.ts";
import { invalidArgument, invalidRequest } from "../errors.ts";

/** What a Range header means for an object of a known size. */
export type RangeOutcome =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly range: ByteRange }
  | { readonly kind: "unsatisfiable" };

const WHOLE: RangeOutcome = { kind: "whole" };
const UNSATISFIABLE: RangeOutcome = { kind: "unsatisfiable" };
const SINGLE_RANGE = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i;

/**
 * Reads a Range header. Several ranges, other units and broken syntax mean the whole object, as on S3.
 *
 * @param size bytes of the object
 */
export function parseRange(header: string | undefined, size: number): RangeOutcome {
  if (header === undefined) return WHOLE;
  const match = SINGLE_RANGE.exec(header);
  if (match === null) return WHOLE;
  const [, first = "", last = ""] = match;
  if (first === "") {
    if (last === "") return WHOLE;
    const length = Number(last);
    if (length === 0 || size === 0) return UNSATISFIABLE;
    return { kind: "part", range: { start: Math.max(0, size - length), end: size } };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return WHOLE;
  if (start >= size) return UNSATISFIABLE;
  const end = last === "" ? size : Math.min(Number(last) + 1, size);
  return { kind: "part", range: { start, end } };
}

/** `bytes 0-4/10` */
export const contentRange = (range: ByteRange, size: number): string => `bytes ${range.start}-${range.end - 1}/${size}`;

const COPY_RANGE = /^bytes=(\d+)-(\d+)$/;

/**
 * The range of UploadPartCopy: exactly `bytes=first-last`, wholly inside the source.
 *
 * @throws AwsError InvalidArgument for another form or a range beyond the source; InvalidRequest for an empty source
 */
export function parseCopyRange(header: string | undefined, size: number): ByteRange | undefined {
  if (size === 0) {
    throw invalidRequest("The specified copy source is not supported as a byte-range copy source");
  }
  if (header === undefined) return undefined;
  const match = COPY_RANGE.exec(header);
  const start = Number(match?.[1] ?? Number.NaN);
  const last = Number(match?.[2] ?? Number.NaN);
  if (match === null || last < start) {
    throw invalidArgument(
      "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy",
      "x-amz-copy-source-range",
      header,
    );
  }
  if (last >= size) {
    throw invalidArgument(
      `Range specified is not valid for source object of size: ${size}`,
      "x-amz-copy-source-range",
      header,
    );
  }
  return { start, end: last + 1 };
}

/**
 * Where a part of a multipart object lies.
 *
 * @param sizes bytes of each part, in order
 * @param partNumber 1 is the first
 * @returns undefined when there is no such part
 */
export function partRange(sizes: readonly number[], partNumber: number): ByteRange | undefined {
  if (partNumber < 1 || partNumber > sizes.length) return undefined;
  let start = 0;
  for (let index = 0; index < partNumber - 1; index++) start += sizes[index]!;
  return { start, end: start + sizes[partNumber - 1]! };
}
