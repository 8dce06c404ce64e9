/** The files of a directory in an order that depends on their names alone. */

import { constants } from "node:fs";
import { lstat, open, readdir, readlink } from "node:fs/promises";
import { IMAGE_ERRORS } from "../errors.ts";
import type { IgnoreRules } from "./ignore-rules.ts";

export interface TreeFile {
  /** Relative to the directory, with `/`. */
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink";
  readonly executable: boolean;
  readonly sizeBytes: number;
  readonly linkPath: string;
}

/**
 * Everything below `directory` that is not ignored, parents first, siblings by code unit. Links are not followed.
 *
 * @throws image_build_failed for sockets, devices, pipes, and names that are not UTF-8
 */
export async function* walkTree(directory: string, ignored: IgnoreRules): AsyncGenerator<TreeFile, void, void> {
  yield* walk(directory, "", ignored);
}

async function* walk(root: string, below: string, ignored: IgnoreRules): AsyncGenerator<TreeFile, void, void> {
  const names = await readdir(`${root}/${below}`);
  for (const name of names.sort((a, b) => (a < b ? -1 : 1))) {
    const path = below === "" ? name : `${below}/${name}`;
    if (name.includes("\ufffd")) throw refused(path, "has a name that is not UTF-8");
    const stat = await lstat(`${root}/${path}`);
    if (ignored.hides(path, stat.isDirectory())) continue;
    if (stat.isDirectory()) {
      yield { path, kind: "directory", executable: true, sizeBytes: 0, linkPath: "" };
      yield* walk(root, path, ignored);
    } else if (stat.isFile()) {
      yield { path, kind: "file", executable: (stat.mode & 0o111) !== 0, sizeBytes: stat.size, linkPath: "" };
    } else if (stat.isSymbolicLink()) {
      const linkPath = await readlink(`${root}/${path}`);
      yield { path, kind: "symlink", executable: true, sizeBytes: 0, linkPath };
    } else throw refused(path, "is a socket, a pipe or a device");
  }
}

const READ_BYTES = 256 * 1024;

/** The contents of a file that was walked over. @throws image_build_failed when it has changed meanwhile */
export async function* readTreeFile(root: string, file: TreeFile): AsyncGenerator<Uint8Array, void, void> {
  // A link that took the file's place since must not be followed.
  const handle = await open(`${root}/${file.path}`, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error) => {
    throw refused(file.path, "changed while it was read", error);
  });
  try {
    let length = 0;
    for (;;) {
      const buffer = new Uint8Array(Math.min(READ_BYTES, file.sizeBytes - length + 1));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
      if (length > file.sizeBytes) break;
      yield buffer.subarray(0, bytesRead);
    }
    if (length !== file.sizeBytes) throw refused(file.path, "changed while it was read");
  } finally {
    await handle.close();
  }
}

function refused(path: string, what: string, cause?: unknown): Error {
  return IMAGE_ERRORS.error("image_build_failed", {
    message: `${JSON.stringify(path)} ${what}.`,
    details: { path },
    cause,
  });
}
