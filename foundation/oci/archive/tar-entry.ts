/** What an archive says about one file, free of how it was written down. */

export type TarKind = "file" | "directory" | "symlink" | "hardlink" | "character" | "block" | "fifo";

export interface TarAttributes {
  /** As written, without a `/` at the end; neither normalised nor safe. */
  readonly path: string;
  readonly kind: TarKind;
  /** Permission bits with setuid, setgid and sticky: 0 … 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Size of the file when it is written out, holes included; 0 for all but files. */
  readonly sizeBytes: number;
  /** Milliseconds since 1970, with a fraction. */
  readonly modifiedMs: number;
  /** Where a link points, as written; `""` for all but links. */
  readonly linkPath: string;
  /** Names of the extended attributes that the archive gives. */
  readonly xattrs: readonly string[];
}

/** Bytes at a place of a file. What lies between two pieces reads as zeros. */
export interface FilePiece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface TarEntry extends TarAttributes {
  /** Where in the archive the contents begin, for files without holes; undefined for all others. */
  readonly dataStart: number | undefined;
  /** The contents, once, in ascending order. What is not read is skipped when the next entry is asked for. */
  pieces(): AsyncGenerator<FilePiece, void, void>;
}
