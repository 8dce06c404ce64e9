/** What the codecs need of a request and what they make of a response; `HttpRequest` and `HttpResponse` of `#foundation/http` fit both. */

import type { HeaderList, ResponseBody } from "#foundation/http";

/** Headers of a request as the codecs read them. */
export interface WireHeaders {
  /** All values joined with `", "`, or undefined when the header is absent. */
  get(lowerName: string): string | undefined;
  /** Name, value, name, value … exactly as received. */
  readonly raw: readonly string[];
}

/** The parts of a request that routing and decoding read. Path and query are raw: neither decoded nor normalised. */
export interface WireRequest {
  readonly method: string;
  /** The request target up to the first `?`. */
  readonly path: string;
  /** What follows the first `?`; `""` when there is none. */
  readonly query: string;
  readonly headers: WireHeaders;
}

/** Body of an operation with a streaming payload: handed to the handler untouched. */
export type StreamingBody = AsyncIterable<Uint8Array>;

/** One encoded answer, ready for the server. */
export interface WireResponse {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: ResponseBody;
  /** Length of a streamed body (or of the body that GET would have, for HEAD) where the output says it. */
  readonly contentLength?: number;
}

/** Identifiers that every answer carries. */
export interface ResponseContext {
  readonly requestId: string;
  /** S3 only: the second id (`x-amz-id-2`, `<HostId>`). */
  readonly hostId?: string;
  /** Encode for a request whose answer has no body (HEAD): errors keep status and headers only. */
  readonly headOnly?: boolean;
  /** The raw path of the request; S3 errors name it in `<Resource>` unless the error has one. */
  readonly resource?: string;
}

export type { HeaderList, ResponseBody };
