/** Files that are there as a whole, the old one or the new one. */
import { renameSync, rmSync, writeFileSync } from "node:fs";

/** Gateways that watch the file never see half of it. @throws the system's error */
export function replaceFile(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, bytes, { flag: "wx", flush: true });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
