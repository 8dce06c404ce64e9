/** Who owns the files that are unpacked. */

import { layerInvalid } from "../errors.ts";

/** `size` ids of the image from `inside` on become those of this machine from `outside` on, as in a user namespace. */
export interface IdRange {
  readonly inside: number;
  readonly outside: number;
  readonly size: number;
}

/**
 * - `keep`: as the image says; needs root.
 * - `map`: shifted into ranges, for user namespaces; needs root. An id outside of all ranges is refused.
 * - `mine`: everything belongs to whoever unpacks. Bits that lend rights (setuid, setgid) are dropped, because they would lend the wrong ones.
 */
export type Ownership =
  | { readonly kind: "keep" }
  | { readonly kind: "map"; readonly users: readonly IdRange[]; readonly groups: readonly IdRange[] }
  | { readonly kind: "mine" };

/** What a process with this user id can do: root keeps owners, everybody else owns all. */
export function defaultOwnership(userId: number | undefined = process.getuid?.()): Ownership {
  return userId === 0 ? { kind: "keep" } : { kind: "mine" };
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** The owner on this machine, or undefined to leave it. @throws image_layer_invalid for an id that is in no range */
export function ownerOf(ownership: Ownership, entry: Owner): Owner | undefined {
  if (ownership.kind === "mine") return undefined;
  if (ownership.kind === "keep") return { uid: assertId(entry.uid), gid: assertId(entry.gid) };
  return { uid: mapped(ownership.users, entry.uid, "user"), gid: mapped(ownership.groups, entry.gid, "group") };
}

/** Permission bits as they are set. */
export function modeFor(ownership: Ownership, mode: number): number {
  return ownership.kind === "mine" ? mode & 0o1777 : mode & 0o7777;
}

function mapped(ranges: readonly IdRange[], id: number, what: string): number {
  const range = ranges.find(({ inside, size }) => id >= inside && id < inside + size);
  if (range === undefined)
    throw layerInvalid(`The image has files of the ${what} ${id}, for which there is no id here.`);
  return range.outside + (id - range.inside);
}

/** The last 32-bit id means "leave it" to chown(2) and is nobody's. */
function assertId(id: number): number {
  if (!Number.isInteger(id) || id < 0 || id >= 0xffff_ffff)
    throw layerInvalid(`The image has files of the impossible owner ${id}.`);
  return id;
}
