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
