/** Requests and calls without a network. */
import type { HttpRequest, RequestBody } from "#foundation/http";

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += size) yield bytes.subarray(offset, offset + size);
}

/** A body in chunks of 64 KiB, as a socket gives them. */
export const streamOf = (bytes: Uint8Array): AsyncIterable<Uint8Array> => chunksOf(bytes, 64 * 1024);

export interface FakeRequestOptions {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly secure?: boolean;
  readonly remoteAddress?: string;
}

/** A request whose headers are given in lower case. */
export function fakeRequest(options: FakeRequestOptions): HttpRequest {
  const headers = options.headers ?? {};
  const bytes = options.body ?? new Uint8Array(0);
  const body: RequestBody = {
    [Symbol.asyncIterator]: () => streamOf(bytes)[Symbol.asyncIterator](),
    bytes: async () => bytes,
    text: async () => Buffer.from(bytes).toString(),
    discard: async () => {},
    empty: bytes.length === 0,
    used: false,
    received: 0,
    rawTrailers: [],
  };
  return {
    id: "REQUEST0",
    method: options.method ?? "GET",
    target: options.path ?? "/",
    path: options.path ?? "/",
    query: "",
    headers: {
      get: (name) => headers[name],
      all: (name) => (headers[name] === undefined ? [] : [headers[name]]),
      has: (name) => name in headers,
      raw: Object.entries(headers).flat(),
      lowerNames: Object.keys(headers),
    },
    host: "127.0.0.1:4566",
    remoteAddress: options.remoteAddress ?? "127.0.0.1",
    secure: options.secure ?? false,
    contentLength: bytes.length === 0 ? undefined : bytes.length,
    body,
    signal: new AbortController().signal,
    receivedAt: 0,
  };
}
