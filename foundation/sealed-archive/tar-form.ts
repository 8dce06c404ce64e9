/** Members as a tar archive, of which there is exactly one for the same members. Pure. */
import { TAR_END, tarHeaderBlocks, tarPadding } from "#foundation/oci";
import { ArchiveError } from "./archive-error.ts";

/** By path. */
export type Members = ReadonlyMap<string, Uint8Array>;

const BLOCK = 512;
/** What needs no extended header. */
const PATH_LENGTH_MAX = 100;
const PATH = /^[A-Za-z0-9_@+=-][A-Za-z0-9._@+=-]*(?:\/[A-Za-z0-9_@+=-][A-Za-z0-9._@+=-]*)*$/;

/** Letters, digits and a few signs in segments that begin with no dot: nothing leads out of where it is put. */
export const isMemberPath = (path: string): boolean => path.length <= PATH_LENGTH_MAX && PATH.test(path);

/** @throws TypeError for a path that members do not have */
export function writeTarForm(members: Members): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [path, bytes] of members) {
    if (!isMemberPath(path)) throw new TypeError(`"${path}" is no path of a member.`);
    parts.push(
      tarHeaderBlocks({
        kind: "file",
        path,
        linkPath: "",
        mode: 0o644,
        uid: 0,
        gid: 0,
        sizeBytes: bytes.length,
        modifiedMs: 0,
      }),
      bytes,
      new Uint8Array(tarPadding(bytes.length)),
    );
  }
  return Buffer.concat([...parts, TAR_END]);
}

/**
 * Reads what {@link writeTarForm} has written, and nothing else: what is read is written again and must be the same bytes, so that there is nothing about which two readers
 * could have two opinions.
 *
 * @throws ArchiveError malformed, too-large
 */
export function readTarForm(tar: Uint8Array, membersMax: number): Members {
  const members = new Map<string, Uint8Array>();
  let at = 0;
  while (at + BLOCK <= tar.length && tar[at] !== 0) {
    const path = text(tar, at, PATH_LENGTH_MAX);
    const size = text(tar, at + 124, 12);
    if (!isMemberPath(path) || !/^[0-7]{11}$/.test(size)) throw malformed();
    if (members.has(path)) throw new ArchiveError("malformed", `The member "${path}" is there twice.`);
    if (members.size >= membersMax)
      throw new ArchiveError("too-large", `An archive has at most ${membersMax} members.`);
    const begin = at + BLOCK;
    const length = Number.parseInt(size, 8);
    if (begin + length > tar.length) throw malformed();
    members.set(path, tar.subarray(begin, begin + length));
    at = begin + length + tarPadding(length);
  }
  if (!Buffer.from(tar.buffer, tar.byteOffset, tar.length).equals(writeTarForm(members))) throw malformed();
  return members;
}

const malformed = (): ArchiveError =>
  new ArchiveError("malformed", "It is not an archive as this program writes them.");

function text(bytes: Uint8Array, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return Buffer.from(end === -1 ? field : field.subarray(0, end)).toString("latin1");
}
