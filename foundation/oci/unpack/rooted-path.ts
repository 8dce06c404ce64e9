/**
 * Paths inside a root directory, where no name and no symbolic link leads out of it.
 *
 * A link among the parents is followed as a process inside the root would follow it: absolute targets begin at the root, `..` ends there. The tree is
 * changed by one unpacker alone while it is at work (its root is readable by nobody else), so that what was looked at stays as it was.
 */

import { lstatSync, readlinkSync } from "node:fs";
import { layerInvalid } from "../errors.ts";

/** As Linux has it (ELOOP, path_resolution(7)). */
const LINKS_MAX = 40;
/** PATH_MAX of Linux, less what the root itself may take. */
const PATH_BYTES_MAX = 4096;
const NAME_BYTES_MAX = 255;

/**
 * The parts of a path as an archive writes it: `./`, `/` and doubled slashes mean nothing; `[]` is the root itself.
 *
 * @throws image_layer_invalid for `..`, and for names that no file can have
 */
export function pathParts(written: string): readonly string[] {
  if (Buffer.byteLength(written) > PATH_BYTES_MAX)
    throw layerInvalid(`A path of the image is longer than ${PATH_BYTES_MAX} bytes.`);
  const parts = written.split("/").filter((part) => part !== "" && part !== ".");
  for (const part of parts) {
    if (part === "..") throw layerInvalid(`The path ${JSON.stringify(written)} of the image holds "..".`);
    if (Buffer.byteLength(part) > NAME_BYTES_MAX)
      throw layerInvalid(`A name of the image is longer than ${NAME_BYTES_MAX} bytes.`);
  }
  return parts;
}

/** Follows paths below one root. */
export class RootedPaths {
  readonly root: string;
  readonly #makeDirectory: (path: string) => void;
  /** Parents as written → where they really are. Holds while no directory or link is removed. */
  readonly #known = new Map<string, string>();

  /** @param makeDirectory makes a directory that the archive implies but does not hold */
  constructor(root: string, makeDirectory: (path: string) => void) {
    this.root = root;
    this.#makeDirectory = makeDirectory;
  }

  /** To be called when a directory or a link has been removed. */
  forget(): void {
    this.#known.clear();
  }

  /**
   * The real directory that holds the last part; missing ones are made when `create` says so.
   *
   * @returns undefined when a part is missing and `create` is false
   * @throws image_layer_invalid when a part is a file, or links go in circles
   */
  parentOf(parts: readonly string[], create: boolean): string | undefined {
    const written = parts.slice(0, -1).join("/");
    const known = this.#known.get(written);
    if (known !== undefined) return known;
    const real = this.#walk(parts.slice(0, -1), create, written);
    if (real !== undefined) this.#known.set(written, real);
    return real;
  }

  #walk(parts: readonly string[], create: boolean, written: string): string | undefined {
    const ahead = [...parts].reverse();
    const real: string[] = [];
    let links = 0;
    for (let part = ahead.pop(); part !== undefined; part = ahead.pop()) {
      if (part === "" || part === ".") continue;
      if (part === "..") {
        real.pop();
        continue;
      }
      const path = this.#absolute([...real, part]);
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat === undefined) {
        if (!create) return undefined;
        this.#makeDirectory(path);
        real.push(part);
      } else if (stat.isDirectory()) real.push(part);
      else if (stat.isSymbolicLink()) {
        if (++links > LINKS_MAX) throw layerInvalid(`The links in ${JSON.stringify(written)} go in circles.`);
        const target = readlinkSync(path);
        if (target.startsWith("/")) real.length = 0;
        ahead.push(...target.split("/").reverse());
      } else throw layerInvalid(`${JSON.stringify(written)} goes through something that is no directory.`);
    }
    return this.#absolute(real);
  }

  #absolute(parts: readonly string[]): string {
    const path = parts.length === 0 ? this.root : `${this.root}/${parts.join("/")}`;
    if (Buffer.byteLength(path) > PATH_BYTES_MAX)
      throw layerInvalid("Links of the image lead to a path that is too long.");
    return path;
  }
}
