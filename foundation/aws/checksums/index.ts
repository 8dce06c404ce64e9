/** The checksums of S3: computing, combining and reading them. */
export {
  algorithmOfHeader,
  algorithmOfName,
  type ChecksumAlgorithm,
  type ChecksumType,
  checksumAlgorithms,
  checksumBytes,
  checksumHeader,
  defaultChecksumAlgorithm,
} from "./algorithm.ts";
export { type CombinableAlgorithm, combineChecksums, combineParts, isCombinable } from "./crc-combine.ts";
export { type ChecksumHasher, computeChecksum, createChecksum, MultiHasher, toBase64 } from "./hasher.ts";
export { Md5Stream } from "./md5-stream.ts";
export { compositeChecksum, defaultChecksumType, isPermittedType } from "./multipart.ts";
export {
  announcedChecksum,
  ChecksumError,
  type ChecksumFailure,
  findChecksum,
  type PresentedChecksum,
  parseChecksum,
} from "./presented.ts";
