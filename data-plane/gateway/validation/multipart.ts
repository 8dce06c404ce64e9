/** Bodies of `multipart/form-data` (RFC 7578) that are in memory, cut into their parts. Pure. */

export interface Part {
  readonly name: string;
  readonly filename?: string;
  /** In lower case, without parameters; `text/plain` when it says none. */
  readonly type: string;
  readonly bytes: Buffer;
}

export type Parts = { readonly parts: readonly Part[] } | { readonly problem: string };

export const PARTS_MAX = 1_000;
const HEAD_MAX = 8 * 1024;

/** @param contentType the field's value, with its `boundary` */
export function readMultipart(body: Uint8Array, contentType: string): Parts {
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) return { problem: "has no boundary in its content type" };
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const first = Buffer.from(`--${boundary}`);
  const between = Buffer.from(`\r\n--${boundary}`);
  let at = bytes.subarray(0, first.length).equals(first) ? first.length : -1;
  if (at === -1) {
    const start = bytes.indexOf(between);
    if (start === -1) return { problem: "does not hold its boundary" };
    at = start + between.length;
  }
  const parts: Part[] = [];
  for (;;) {
    if (bytes[at] === DASH && bytes[at + 1] === DASH) return { parts };
    const line = bytes.indexOf("\r\n", at);
    if (line === -1 || !isBlank(bytes, at, line)) return { problem: "has a boundary with something behind it" };
    const end = bytes.indexOf(between, line);
    if (end === -1) return { problem: "does not end with its boundary" };
    const part = readPart(bytes, line + 2, end);
    if ("problem" in part) return part;
    if (parts.push(part) > PARTS_MAX) return { problem: `has more than ${PARTS_MAX} parts` };
    at = end + between.length;
  }
}

const DASH = 0x2d;

function isBlank(bytes: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0x20 && bytes[i] !== 0x09) return false;
  return true;
}

function boundaryOf(contentType: string): string | undefined {
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}

function readPart(bytes: Buffer, start: number, end: number): Part | { readonly problem: string } {
  // No field at all: the head is the empty line.
  const headEnd = bytes[start] === 0x0d && bytes[start + 1] === 0x0a ? start - 2 : bytes.indexOf("\r\n\r\n", start);
  if (headEnd === -1 || headEnd + 4 > end + 2 || headEnd - start > HEAD_MAX)
    return { problem: "has a part without an end of its fields" };
  const fields = new Map<string, string>();
  for (const line of bytes.toString("utf8", start, Math.max(start, headEnd)).split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) fields.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const disposition = fields.get("content-disposition") ?? "";
  const name = parameterOf(disposition, "name");
  if (!/^form-data\s*(;|$)/i.test(disposition) || name === undefined) return { problem: "has a part without a name" };
  const filename = parameterOf(disposition, "filename");
  return {
    name,
    ...(filename === undefined ? {} : { filename }),
    type: (fields.get("content-type") ?? "text/plain").split(";", 1)[0]!.trim().toLowerCase(),
    bytes: bytes.subarray(Math.min(headEnd + 4, end), end),
  };
}

function parameterOf(field: string, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]+))`, "i").exec(field);
  if (match === null) return undefined;
  return match[1]?.replace(/\\(.)/g, "$1").replaceAll("%22", '"') ?? match[2];
}
