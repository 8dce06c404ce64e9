/** Files sealed into one, with one digest and signatures over everything. */
export { ArchiveError, type ArchiveFault } from "./archive-error.ts";
export {
  type ArchiveLimits,
  DEFAULT_ARCHIVE_LIMITS,
  type OpenedArchive,
  type OpenOptions,
  openArchive,
  type SealedArchive,
  sealArchive,
} from "./sealed-archive.ts";
export { keyIdOf, readSigningKey, readTrustedKey } from "./signatures.ts";
