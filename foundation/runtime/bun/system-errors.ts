/**
 * Normalises what the operating system reports into the registry's errors.
 */

import {
  DISK_ERRORS,
  DiskError,
  type DiskErrorCode,
  NETWORK_ERRORS,
  NetworkError,
  type NetworkErrorCode,
} from "../ports/errors.ts";

/** Codes that mean the same to a caller as one of the registry. */
const DISK_SYNONYMS: Readonly<Record<string, DiskErrorCode>> = {
  EDQUOT: "ENOSPC",
  EFBIG: "ENOSPC",
  EPERM: "EACCES",
  ENFILE: "EMFILE",
  ELOOP: "EINVAL",
  ERR_INVALID_ARG_VALUE: "EINVAL",
  ERR_INVALID_ARG_TYPE: "EINVAL",
  ERR_OUT_OF_RANGE: "EINVAL",
};

const NETWORK_SYNONYMS: Readonly<Record<string, NetworkErrorCode>> = {
  ECONNABORTED: "ECONNRESET",
  ERR_STREAM_DESTROYED: "ECONNRESET",
  ERR_STREAM_PREMATURE_CLOSE: "ECONNRESET",
  ERR_SOCKET_CLOSED: "ECONNRESET",
  ERR_STREAM_WRITE_AFTER_END: "EPIPE",
  ENETUNREACH: "EHOSTUNREACH",
  EHOSTDOWN: "EHOSTUNREACH",
  EAI_AGAIN: "ENOTFOUND",
  EPERM: "EACCES",
  ENFILE: "EMFILE",
};

function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return "";
}

/** Turns anything thrown by a file operation into a `DiskError`. */
export function toDiskError(error: unknown, operation: string, path: string): DiskError {
  if (error instanceof DiskError) return error;
  const code = codeOf(error);
  const known = code in DISK_ERRORS ? (code as DiskErrorCode) : (DISK_SYNONYMS[code] ?? "EUNKNOWN");
  return new DiskError(known, operation, path, error);
}

/** Turns anything thrown by a socket into a `NetworkError`. */
export function toNetworkError(error: unknown, operation: string, address: string): NetworkError {
  if (error instanceof NetworkError) return error;
  const code = codeOf(error);
  const known = code in NETWORK_ERRORS ? (code as NetworkErrorCode) : (NETWORK_SYNONYMS[code] ?? "EUNKNOWN");
  return new NetworkError(known, operation, address, error);
}
