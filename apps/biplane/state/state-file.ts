/** Small JSON files that appear whole or not at all. */

import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** A state file is a few hundred bytes; something of this size is not one of ours. */
const STATE_FILE_BYTES_MAX = 64 * 1024;

/** A file in the data directory exists and cannot be understood. */
export class StateFileInvalid extends Error {
  override readonly name = "StateFileInvalid";
  readonly path: string;

  constructor(path: string, problem: string) {
    super(`${path} ${problem}`);
    this.path = path;
  }
}

/** The parsed object, or undefined when there is no such file. @throws StateFileInvalid */
export function readStateFile(path: string): Readonly<Record<string, unknown>> | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new StateFileInvalid(path, code === "EACCES" ? "may not be read by this user" : `cannot be read (${code})`);
  }
  if (text.length > STATE_FILE_BYTES_MAX) throw new StateFileInvalid(path, "is too large to be a state file");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new StateFileInvalid(path, "is not valid JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new StateFileInvalid(path, "does not hold a JSON object");
  }
  return value as Readonly<Record<string, unknown>>;
}

/** Replaces the file atomically and durably, mode 0600, creating its directory with mode 0700. */
export function writeStateFile(path: string, value: object): void {
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // The name is new each time, and `wx` refuses to follow a link that somebody planted under it.
  const temporary = `${path}.${process.pid}-${crypto.randomUUID()}.tmp`;
  const file = openSync(temporary, "wx", 0o600);
  try {
    writeSync(file, `${JSON.stringify(value, null, 2)}\n`);
    fsyncSync(file);
    closeSync(file);
    renameSync(temporary, path);
  } catch (error) {
    removeFile(temporary);
    throw error;
  }
  const parent = openSync(directory, "r");
  fsyncSync(parent);
  closeSync(parent);
}

/** Removes the file; one that is not there is fine. */
export function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}

/** Reads members of a parsed state file, naming the file and member in every complaint. */
export function memberReader(path: string, object: Readonly<Record<string, unknown>>) {
  const wrong = (name: string, wanted: string) => new StateFileInvalid(path, `has no valid "${name}" (${wanted})`);
  return {
    text(name: string): string {
      const value = object[name];
      if (typeof value !== "string" || value === "") throw wrong(name, "a text");
      return value;
    },
    integer(name: string): number {
      const value = object[name];
      if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw wrong(name, "a whole number");
      return value;
    },
    httpUrl(name: string): string | undefined {
      const value = object[name];
      if (value === undefined) return undefined;
      if (typeof value !== "string" || !/^https?:\/\/[^\s/?#]+$/.test(value) || !URL.canParse(value)) {
        throw wrong(name, "an http or https URL without a path");
      }
      return value;
    },
  };
}

/** The system's error code, or the text of what was thrown. */
export function errorCode(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return String(error);
}
