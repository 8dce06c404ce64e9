/**
 * Argument checks that every disk shares, so that nonsense is refused alike everywhere. (Given a negative position, the system's read would
 * quietly use the file's own cursor.)
 */

import { DiskError } from "./errors.ts";

/** Refuses anything but a whole number, 0 or more, as an offset, length or size. @throws DiskError EINVAL. */
export function assertQuantity(quantity: number, operation: string, path: string): void {
  if (!Number.isSafeInteger(quantity) || quantity < 0) throw new DiskError("EINVAL", operation, path);
}

/** Refuses relative paths and the NUL byte. @throws DiskError EINVAL. */
export function assertPath(path: string, operation: string): void {
  if (!path.startsWith("/") || path.includes("\0")) throw new DiskError("EINVAL", operation, path);
}
