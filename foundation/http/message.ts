/**
 * The shapes of an HTTP exchange as every room sees them.
 *
 * Nothing here names the engine underneath: the server may be exchanged for another codec without touching a handler.
 */

/** Headers as received: names in the order and case of the wire, values untouched. Lookups take the lower-case name. */
export interface HeaderView {
  /** All values of the header joined with `", "`, or undefined when absent. */
  get(lowerName: string): string | undefined;
  /** Each value of the header by itself, in order of arrival. Empty when absent. */
  all(lowerName: string): readonly string[];
  /** Whether the header is present, even with an empty value. */
  has(lowerName: string): boolean;
  /** Name, value, name, value … exactly as received. */
  readonly raw: readonly string[];
  /** The names of `raw` in lower case, one for each pair. */
  readonly lowerNames: readonly string[];
}

/** Bytes that can be streamed or had whole; read once, in one of the two ways. */
export interface WholeBody extends AsyncIterable<Uint8Array> {
  /** All of them, in memory that belongs to the caller from now on. Rejects with `PayloadTooLarge` when there are more than `limit`. */
  bytes(limit: number): Promise<Uint8Array>;
}

/** Whether a source of bytes can be had whole. */
export function isWholeBody(source: AsyncIterable<Uint8Array>): source is WholeBody {
  return "bytes" in source && typeof source.bytes === "function";
}

/**
 * The body of a request: read once, either as a stream or as bytes.
 *
 * Read as a stream, each chunk is valid until the next one is asked for: its memory is given back then. Whoever keeps bytes copies them.
 * Reading starts the flow (and sends `100 Continue` when the client waits for it); a reader that is slow slows the client.
 * Every way of reading rejects with `RequestAborted` when the client went away, with `IncompleteBody` when it ended the body early, and with
 * `BodyTimeout` when no byte came for the idle limit.
 */
export interface RequestBody extends WholeBody {
  /** Whole body. Rejects with `PayloadTooLarge` as soon as more than `limit` bytes are announced or received. */
  bytes(limit: number): Promise<Uint8Array>;
  /** Whole body decoded as UTF-8, same errors as `bytes`. */
  text(limit: number): Promise<string>;
  /** Reads and drops what is left, up to the server's drain limit; beyond it the connection closes after the answer. Never rejects. */
  discard(): Promise<void>;
  /** Whether the request carries no body at all (no content-length or 0, and not chunked). */
  readonly empty: boolean;
  /** Whether somebody began to read. */
  readonly used: boolean;
  /** Body bytes handed to the reader so far. */
  readonly received: number;
  /** Trailer fields (name, value alternating); complete only after the body was read to its end. */
  readonly rawTrailers: readonly string[];
}

/** One request, as received. */
export interface HttpRequest {
  /** Request id: 16 upper-case hex digits unless the server was given another generator. */
  readonly id: string;
  readonly method: string;
  /** The request-target exactly as received, neither decoded nor normalised. */
  readonly target: string;
  /** The target up to the first `?`, raw. For an absolute-form target, the part after the authority. */
  readonly path: string;
  /** What follows the first `?`, raw; `""` when there is none. */
  readonly query: string;
  readonly headers: HeaderView;
  /** The `Host` header (or the authority of an absolute-form target); `""` when absent. */
  readonly host: string;
  readonly remoteAddress: string;
  /** Whether the connection is TLS. */
  readonly secure: boolean;
  /** The declared length of the body in bytes; undefined when chunked or without a body. */
  readonly contentLength: number | undefined;
  readonly body: RequestBody;
  /** Aborted when the client goes away before the answer is complete. Created on first use. */
  readonly signal: AbortSignal;
  /** Epoch milliseconds when the headers were complete. */
  readonly receivedAt: number;
}

/** A range of a file, streamed in large chunks. The file is opened before the headers are sent: a missing file is an error, not a broken body. */
export interface FileSlice {
  readonly kind: "file";
  readonly path: string;
  /** An open descriptor to read instead of opening `path`. The server owns it from now on and closes it in every outcome. */
  readonly fd?: number;
  /** First byte. */
  readonly start: number;
  /** One past the last byte. */
  readonly end: number;
  /** Applied to each chunk in order, for example a stream cipher; must keep the length. May work in place. */
  readonly transform?: (chunk: Uint8Array) => Uint8Array;
}

export type ResponseBody = null | string | Uint8Array | AsyncIterable<Uint8Array> | FileSlice;

/** Name and value pairs; a name may repeat. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/**
 * One answer.
 *
 * `content-length` is set by the server for null, string, bytes and file bodies, and from `contentLength` for streams (chunked otherwise). For
 * HEAD, 204 and 304 no body is ever sent; `contentLength` (or the length of the given body) still fills the header for HEAD.
 */
export interface HttpResponse {
  readonly status: number;
  readonly headers?: HeaderList;
  readonly body?: ResponseBody;
  /** Exact length of a streamed body, or the length that GET would have for HEAD. A stream that yields another length breaks the connection. */
  readonly contentLength?: number;
  /** Called after the last chunk of a chunked body; the fields it returns are sent as trailers. */
  readonly trailers?: () => HeaderList;
  /** Called once when the answer was handed to the operating system (`bytes` of body) or the connection broke (`complete` false). */
  readonly onSent?: (bytes: number, complete: boolean) => void;
}

/** Answers one request. A rejection becomes the server's `onError` answer. */
export type HttpHandler = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;
