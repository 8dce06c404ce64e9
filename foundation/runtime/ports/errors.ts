/**
 * The registry of errors that disk and network report, the same codes for the real and for the simulated implementation.
 *
 * Codes are POSIX.1-2017 `<errno.h>` names. What a system reports beyond this list arrives as `EUNKNOWN` with the original as `cause`.
 */

/** What the registry knows about a code. */
export interface RuntimeErrorEntry {
  /** Whether the same call may succeed later without anyone changing the request. */
  readonly retryable: boolean;
  /** What happened, and what the caller or operator should do about it. */
  readonly meaning: string;
}

/** Every disk error by its permanent code. */
export const DISK_ERRORS = {
  ENOENT: { retryable: false, meaning: "no such file or directory; create it first or check the path" },
  EEXIST: { retryable: false, meaning: "the path exists already; open it without asking for a new one" },
  ENOTDIR: { retryable: false, meaning: "a part of the path is a file, not a directory" },
  EISDIR: { retryable: false, meaning: "the path is a directory where a file is needed" },
  ENOTEMPTY: { retryable: false, meaning: "the directory is not empty; remove its entries first" },
  EINVAL: { retryable: false, meaning: "the argument has no meaning for this operation" },
  EACCES: { retryable: false, meaning: "permission denied; check the owner and mode of the path" },
  EROFS: { retryable: false, meaning: "the file system is read-only; remount it or choose another directory" },
  EXDEV: {
    retryable: false,
    meaning: "source and destination are on different file systems; copy instead of renaming",
  },
  ENAMETOOLONG: { retryable: false, meaning: "the name is longer than the file system allows" },
  EBADF: { retryable: false, meaning: "the file was closed or not opened for this operation" },
  EMFILE: { retryable: true, meaning: "too many open files; close some or raise the limit" },
  ENOSPC: { retryable: true, meaning: "no space left on the disk; free some" },
  EIO: { retryable: false, meaning: "the device failed; what was being written is in an unknown state" },
  EUNKNOWN: {
    retryable: false,
    meaning: "the system reported an error that this program does not know; see the cause",
  },
} as const satisfies Record<string, RuntimeErrorEntry>;

/** A key of `DISK_ERRORS`. */
export type DiskErrorCode = keyof typeof DISK_ERRORS;

/** Every network error by its permanent code. */
export const NETWORK_ERRORS = {
  ECONNREFUSED: { retryable: true, meaning: "nothing listens at the address; is the peer running?" },
  ECONNRESET: { retryable: true, meaning: "the connection was cut; what was in flight may or may not have arrived" },
  ETIMEDOUT: { retryable: true, meaning: "the peer did not answer in time" },
  EHOSTUNREACH: { retryable: true, meaning: "no route leads to the host" },
  ENOTFOUND: { retryable: true, meaning: "the host name does not resolve" },
  EADDRINUSE: { retryable: true, meaning: "another listener holds the address; choose another port" },
  EADDRNOTAVAIL: { retryable: false, meaning: "the address does not belong to this machine" },
  EACCES: { retryable: false, meaning: "permission denied; ports below 1024 need privileges" },
  EPIPE: { retryable: false, meaning: "the stream was already ended for writing" },
  EMSGSIZE: { retryable: false, meaning: "the message is larger than an endpoint carries; split it or use a stream" },
  ENOTCONN: { retryable: false, meaning: "the listener, endpoint or stream was closed" },
  EMFILE: { retryable: true, meaning: "too many open sockets; close some or raise the limit" },
  EUNKNOWN: {
    retryable: false,
    meaning: "the system reported an error that this program does not know; see the cause",
  },
} as const satisfies Record<string, RuntimeErrorEntry>;

/** A key of `NETWORK_ERRORS`. */
export type NetworkErrorCode = keyof typeof NETWORK_ERRORS;

/** A disk operation failed. Decide on `code`, never on the text. */
export class DiskError extends Error {
  override readonly name = "DiskError";
  readonly code: DiskErrorCode;
  /** The operation of the port, for example `open` or `sync`. */
  readonly operation: string;
  readonly path: string;

  constructor(code: DiskErrorCode, operation: string, path: string, cause?: unknown) {
    super(`${code}: ${operation} '${path}': ${DISK_ERRORS[code].meaning}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.operation = operation;
    this.path = path;
  }

  get retryable(): boolean {
    return DISK_ERRORS[this.code].retryable;
  }
}

/** A network operation failed. Decide on `code`, never on the text. */
export class NetworkError extends Error {
  override readonly name = "NetworkError";
  readonly code: NetworkErrorCode;
  /** The operation of the port, for example `connect` or `write`. */
  readonly operation: string;
  /** The address concerned, as `host:port`. */
  readonly address: string;

  constructor(code: NetworkErrorCode, operation: string, address: string, cause?: unknown) {
    super(
      `${code}: ${operation} ${address}: ${NETWORK_ERRORS[code].meaning}`,
      cause === undefined ? undefined : { cause },
    );
    this.code = code;
    this.operation = operation;
    this.address = address;
  }

  get retryable(): boolean {
    return NETWORK_ERRORS[this.code].retryable;
  }
}
