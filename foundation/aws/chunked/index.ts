/** `aws-chunked` bodies: decoding with verification, encoding. */
export {
  ChunkedBodyError,
  type ChunkedFailure,
  type ChunkedFault,
  type ChunkedReason,
  chunkedErrorToAws,
} from "./error.ts";
