/** Whom an image says that its program runs as: names are looked up in the image's own files (OCI image specification, config `User`). */
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface ImageUser {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

const FILE_BYTES_MAX = 1024 * 1024;
const ID_MAX = 0xff_ff_ff_fe;

/**
 * @param user `user`, `uid`, `user:group` or `uid:gid`; empty: root
 * @throws Error when it names somebody whom the image does not know
 */
export function imageUser(rootDirectory: string, user: string): ImageUser {
  const [name = "", groupName] = user.split(":", 2);
  const people = lines(rootDirectory, "passwd");
  const wanted = name === "" ? "0" : name;
  const known = people.find(([entryName, , uid]) => entryName === wanted || uid === wanted);
  const uid = idOf(known?.[2] ?? wanted);
  if (uid === undefined) throw new Error(`user: the image knows no user ${JSON.stringify(name.slice(0, 64))}`);
  const gid = groupName === undefined ? idOf(known?.[3] ?? "0") : groupOf(rootDirectory, groupName);
  if (gid === undefined) throw new Error(`user: the image knows no group ${JSON.stringify(groupName?.slice(0, 64))}`);
  const home = known?.[5] ?? "";
  return { uid, gid, home: home.startsWith("/") ? home : "/" };
}

function groupOf(rootDirectory: string, name: string): number | undefined {
  return idOf(lines(rootDirectory, "group").find(([entryName]) => entryName === name)?.[2] ?? name);
}

const idOf = (text: string): number | undefined =>
  /^\d{1,10}$/.test(text) && Number(text) <= ID_MAX ? Number(text) : undefined;

/** Of a file in the image's /etc. What is no plain file in a plain folder is as good as not there: a link could lead out of the image. */
function lines(rootDirectory: string, name: string): readonly (readonly string[])[] {
  try {
    const folder = join(rootDirectory, "etc");
    if (!lstatSync(folder).isDirectory()) return [];
    const file = openSync(join(folder, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { size } = fstatSync(file);
      if (!fstatSync(file).isFile() || size > FILE_BYTES_MAX) return [];
      return readFileSync(file, "utf8")
        .split("\n")
        .map((line) => line.split(":"));
    } finally {
      closeSync(file);
    }
  } catch {
    return [];
  }
}
