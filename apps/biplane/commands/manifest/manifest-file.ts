/** Where a manifest is read from. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { MANIFEST_BYTES_MAX } from "#foundation/manifest";
import { cliErrors } from "../../cli/errors.ts";

export interface ManifestFile {
  /** As the user would say it. */
  readonly name: string;
  /** Undefined for standard input. */
  readonly path: string | undefined;
  readonly text: string;
}

const DEFAULT_NAME = "biplane.toml";
const STDIN = 0;

/**
 * Reads `biplane.toml`, the file, that of the directory, or standard input (`-`). Of a file that is too large no more is read than shows that it is.
 *
 * @throws CodedError FILE_NOT_FOUND, FILE_NOT_TEXT
 */
export function readManifestFile(given: string | undefined): ManifestFile {
  if (given === "-")
    return { name: "standard input", path: undefined, text: decode(readAtMost(STDIN), "standard input") };
  const path = fileOf(given ?? DEFAULT_NAME);
  const descriptor = orNotFound(path, () => openSync(path, "r"));
  try {
    return { name: path, path, text: decode(readAtMost(descriptor), path) };
  } finally {
    closeSync(descriptor);
  }
}

function fileOf(given: string): string {
  return orNotFound(given, () => statSync(given)).isDirectory() ? join(given, DEFAULT_NAME) : given;
}

function orNotFound<Value>(path: string, look: () => Value): Value {
  try {
    return look();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
    const message = `There is no ${path}.`;
    throw cliErrors.error("FILE_NOT_FOUND", { message, details: { path }, cause: error });
  }
}

function readAtMost(descriptor: number): Uint8Array {
  const buffer = new Uint8Array(MANIFEST_BYTES_MAX + 1);
  let length = 0;
  while (length < buffer.length) {
    const read = readSync(descriptor, buffer, length, buffer.length - length, null);
    if (read === 0) break;
    length += read;
  }
  return buffer.subarray(0, length);
}

function decode(bytes: Uint8Array, name: string): string {
  // What was cut may end in half a character, and is refused for its size.
  const cut = bytes.length > MANIFEST_BYTES_MAX;
  try {
    return new TextDecoder("utf-8", { fatal: !cut, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw cliErrors.error("FILE_NOT_TEXT", { message: `${name} is not UTF-8 text.`, cause: error });
  }
}
