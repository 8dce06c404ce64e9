/**
 * Forms as browsers upload them (RFC 7578): fields in memory, the file as a stream. The file is the last part that counts.
 *
 * The reader is strict and bounded: it holds at most the fields, one part's head and one chunk.
 */
import { invalidArgument, s3Error } from "../errors.ts";

/** Everything before the file together (Amazon S3 API reference, "MaxPostPreDataLengthExceededError"). */
export const PRE_FILE_BYTES_MAX = 20 * 1024;
/** One boundary is at most 70 characters (RFC 2046 §5.1.1). */
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=? ]{1,70}$/;

export interface UploadedFile {
  /** As the browser named it; empty when it did not. */
  readonly name: string;
  readonly contentType: string | undefined;
  /** Ends with the part. Rejects when the form breaks off. */
  readonly content: AsyncIterable<Uint8Array>;
}

export interface UploadForm {
  /** By lower-case name; the last of several wins. */
  readonly fields: ReadonlyMap<string, string>;
  readonly file: UploadedFile;
}

const malformed = () =>
  s3Error("MalformedPOSTRequest", 400, "The body of your POST request is not well-formed multipart/form-data.");

/**
 * The boundary in a Content-Type.
 * @returns undefined when the body is no form
 */
export function boundaryOf(contentType: string | undefined): string | undefined {
  if (contentType === undefined || !/^multipart\/form-data\s*;/i.test(contentType)) return undefined;
  const match = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  return boundary !== undefined && BOUNDARY.test(boundary) ? boundary : undefined;
}

/** Bytes of a stream that were read and not yet used. */
class Window {
  readonly #source: AsyncIterator<Uint8Array>;
  #bytes: Buffer;
  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
    // The first delimiter has no line break before it; with one put there, all delimiters look the same.
    this.#bytes = Buffer.from("\r\n");
  }
  get bytes(): Buffer {
    return this.#bytes;
  }
  consume(length: number): Buffer {
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }
  /** @throws AwsError when the stream has ended */
  async more(): Promise<void> {
    const next = await this.#source.next();
    if (next.done === true) throw malformed();
    this.#bytes = this.#bytes.length === 0 ? Buffer.from(next.value) : Buffer.concat([this.#bytes, next.value]);
  }
  /** Bytes up to `mark`, which is taken too. */
  async until(mark: Buffer, limit: number): Promise<Buffer> {
    for (let from = 0; ; ) {
      const index = this.#bytes.indexOf(mark, from);
      if (index >= 0) {
        if (index > limit) throw tooLong();
        const taken = Buffer.from(this.consume(index));
        this.consume(mark.length);
        return taken;
      }
      if (this.#bytes.length > limit + mark.length) throw tooLong();
      from = Math.max(0, this.#bytes.length - mark.length + 1);
      await this.more();
    }
  }
  async atLeast(length: number): Promise<void> {
    while (this.#bytes.length < length) await this.more();
  }
  async drain(): Promise<void> {
    while ((await this.#source.next()).done !== true);
  }
}

const tooLong = () =>
  s3Error(
    "MaxPostPreDataLengthExceededError",
    400,
    "Your POST request fields preceding the upload file were too large.",
    { MaxSizeAllowed: PRE_FILE_BYTES_MAX },
  );

interface PartHead {
  readonly name: string;
  readonly filename: string | undefined;
  readonly contentType: string | undefined;
}

/** Browsers percent-encode quotes and line breaks in names (HTML standard, "multipart/form-data encoding algorithm"). */
const withoutEscapes = (text: string): string =>
  text.replaceAll("%22", '"').replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll('\\"', '"');

function parameter(disposition: string, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]+))`, "i").exec(disposition);
  const value = match?.[1] ?? match?.[2];
  return value === undefined ? undefined : withoutEscapes(value);
}

function parseHead(text: string): PartHead {
  let disposition: string | undefined;
  let contentType: string | undefined;
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === "content-disposition") disposition = value;
    if (name === "content-type") contentType = value;
  }
  const name = disposition === undefined ? undefined : parameter(disposition, "name");
  if (disposition === undefined || name === undefined) throw malformed();
  return { name, filename: parameter(disposition, "filename"), contentType };
}

/** The file's bytes up to the delimiter. What follows the file is read and dropped. */
async function* fileContent(window: Window, delimiter: Buffer): AsyncGenerator<Uint8Array> {
  for (;;) {
    const index = window.bytes.indexOf(delimiter);
    if (index >= 0) {
      if (index > 0) yield window.consume(index);
      await window.drain();
      return;
    }
    // The delimiter may have begun at the end of what is here.
    const safe = window.bytes.length - delimiter.length + 1;
    if (safe > 0) yield window.consume(safe);
    await window.more();
  }
}

/**
 * Reads the fields up to the file.
 *
 * @throws AwsError MalformedPOSTRequest, MaxPostPreDataLengthExceededError, InvalidArgument when there is no file
 */
export async function readUploadForm(source: AsyncIterable<Uint8Array>, boundary: string): Promise<UploadForm> {
  const window = new Window(source);
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const endOfHead = Buffer.from("\r\n\r\n");
  const fields = new Map<string, string>();
  let budget = PRE_FILE_BYTES_MAX;
  // What stands before the first delimiter is a preamble (RFC 2046) and means nothing.
  await window.until(delimiter, budget);
  for (;;) {
    await window.atLeast(2);
    if (window.bytes.subarray(0, 2).toString("latin1") === "--") {
      throw invalidArgument("POST requires exactly one file upload per request.", "file", "0");
    }
    const head = await window.until(endOfHead, budget);
    budget -= head.length;
    const part = parseHead(head.toString("utf8"));
    if (part.name.toLowerCase() === "file") {
      const content = fileContent(window, delimiter);
      return { fields, file: { name: part.filename ?? "", contentType: part.contentType, content } };
    }
    const value = await window.until(delimiter, budget);
    budget -= value.length;
    if (budget < 0) throw tooLong();
    fields.set(part.name.toLowerCase(), value.toString("utf8"));
  }
}
