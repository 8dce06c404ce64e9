/** Names of descriptions in an archive, which takes fewer names than folders and addresses do. Pure. */
import { createHash } from "node:crypto";

/** With `specs/` in front, an archive takes no more than 100. */
const NAME_LENGTH_MAX = 90;
const KEPT_LENGTH = 60;

/**
 * A name for each file, as near to its own as an archive allows. Two files never share one: a name that is too long, or taken, gets a digest of the whole in front.
 *
 * @param files in an order that does not depend on who names them
 */
export function specMembers(files: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  // Files that keep their names come first, so that nobody else takes them.
  const isKept = (file: string): boolean => plainName(file) === file;
  for (const file of [...files.filter(isKept), ...files.filter((one) => !isKept(one))]) {
    if (names.has(file)) continue;
    const plain = plainName(file);
    const name = plain.length > NAME_LENGTH_MAX || taken.has(plain) ? digestName(file, plain) : plain;
    taken.add(name);
    names.set(file, name);
  }
  return names;
}

/** What else stands in a name is written with an underscore; no segment is empty or begins with a dot. */
function plainName(file: string): string {
  return file
    .split("/")
    .map((part) => part.replace(/[^A-Za-z0-9._-]/g, "_").replace(/^\./, "_"))
    .map((part) => (part === "" ? "_" : part))
    .join("/");
}

function digestName(file: string, plain: string): string {
  const digest = createHash("sha256").update(file).digest("hex").slice(0, 24);
  return `${digest}-${plain.slice(-KEPT_LENGTH).replaceAll("/", "_")}`;
}
