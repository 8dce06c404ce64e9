/** Directories for tests that open many engines: in memory where the system offers that, since an fsync proves nothing while the machine stays up. */

import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const IN_MEMORY = "/dev/shm";

/** A fresh directory; whoever asks removes it. */
export function scratchDirectory(prefix: string): string {
  return mkdtempSync(join(existsSync(IN_MEMORY) ? IN_MEMORY : tmpdir(), prefix));
}
