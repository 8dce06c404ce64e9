/** The last good artifact on disk, so that a gateway serves it after a restart without a control plane. */
import { readFileSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { openGatewayArtifact } from "#foundation/gateway-artifact";

export interface KeptArtifact {
  readonly projectId: string;
  readonly digest: string;
  readonly bytes: Uint8Array;
}

const FILE_MODE = 0o600;

/** One line before the bytes: what this is, whose, and the digest that the bytes must prove to have. */
const HEAD = /^biplane-kept-artifact 1 (\S{1,128}) (sha256:[0-9a-f]{64})$/;
const HEAD_BYTES_MAX = 256;

/** Whole or not at all, durable when it resolves. It does not hold up requests meanwhile. @throws the system's error */
export async function keepArtifact(path: string, { projectId, digest, bytes }: KeptArtifact): Promise<void> {
  const temporary = `${path}.tmp`;
  // A leftover of a crash may have any mode; a new file has ours.
  await rm(temporary, { force: true });
  const file = await open(temporary, "wx", FILE_MODE);
  try {
    await file.writeFile(Buffer.concat([Buffer.from(`biplane-kept-artifact 1 ${projectId} ${digest}\n`), bytes]));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const directory = await open(dirname(path), "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/**
 * What was kept for this project; undefined where nothing was, or for another project; `damaged` when the file is not what was written.
 *
 * @throws the system's error for a file that cannot be read
 */
export function readKeptArtifact(path: string, projectId: string): KeptArtifact | "damaged" | undefined {
  let file: Buffer;
  try {
    file = readFileSync(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  const end = file.subarray(0, HEAD_BYTES_MAX).indexOf(0x0a);
  const head = end === -1 ? null : HEAD.exec(file.toString("latin1", 0, end));
  if (head === null) return "damaged";
  const [, owner, digest] = head as unknown as readonly [string, string, string];
  if (owner !== projectId) return undefined;
  const bytes = file.subarray(end + 1);
  try {
    return openGatewayArtifact(bytes).digest === digest ? { projectId, digest, bytes } : "damaged";
  } catch {
    return "damaged";
  }
}
