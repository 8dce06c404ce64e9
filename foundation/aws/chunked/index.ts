/** `aws-chunked` bodies: decoding with verification, encoding. */
export { type DecodedBody, decodeChunkedBody } from "./decode-stream.ts";
export { type ChunkedBodyOptions, ChunkedDecoder } from "./decoder.ts";
export { type EncodeOptions, encodeChunkedBody, encodedLength } from "./encoder.ts";
export {
  ChunkedBodyError,
  type ChunkedFailure,
  type ChunkedFault,
  type ChunkedReason,
  chunkedErrorToAws,
} from "./error.ts";
export type { ChunkSigning } from "./signing.ts";
