/**
 * Where a body lies on disk, derived from what is known of it, so that no path is ever stored.
 *
 *     buckets/<bucket>/<fan-out>/<key, readable>~<body>            a whole object
 *     buckets/<bucket>/<fan-out>/<key, readable>~<body>.part00001  a part of a multipart object
 *     staging/<body>                                               before its commit, and shortly after
 *
 * The body's number makes the name unique; the key in it is for people. Every character that could mean something to a file system is escaped, so that a
 * key cannot leave its directory whatever it contains.
 */

/** A directory of bodies holds consecutive numbers: 2^10 of them share one, so that a batch of new files syncs one or two directories. */
const BODIES_PER_DIRECTORY = 1024;
const DIRECTORIES = 256;

/** A file name has at most 255 bytes; 32 are kept for `~<16 digits>.part00000`. */
const READABLE_CHARACTERS_MAX = 200;

/** Characters that stay as they are. The rest of ASCII and everything beyond becomes `%XX` per UTF-8 byte. */
const PLAIN = /^[A-Za-z0-9._=@,+-]$/;

const SAFE_BYTE: readonly (string | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return byte < 128 && PLAIN.test(character) ? character : undefined;
});

const HEX = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;

/** A readable, safe stand-in for a key: escaped and cut. Never empty, never `.` or `..`, never with a separator. */
export function readableName(bytes: Uint8Array): string {
  let name = "";
  for (const byte of bytes) {
    const piece = SAFE_BYTE[byte] ?? HEX(byte);
    if (name.length + piece.length > READABLE_CHARACTERS_MAX) break;
    name += piece;
  }
  // A leading dot would hide the file from `ls`.
  return name.startsWith(".") ? `%2E${name.slice(1)}` : name;
}

/** The file of a body that is not yet at its place, below the engine's directory. */
export function stagingPath(body: number): string {
  return `staging/${body}`;
}

/** The body that a name in the staging directory stands for; undefined for a name this engine did not make. */
export function bodyOfStagingName(name: string): number | undefined {
  if (!/^[1-9][0-9]{0,15}$/.test(name)) return undefined;
  const body = Number(name);
  return Number.isSafeInteger(body) ? body : undefined;
}

/** The directory of a body, below the engine's directory. */
export function bodyDirectory(bucketDirectory: string, body: number): string {
  const fanOut = Math.floor(body / BODIES_PER_DIRECTORY) % DIRECTORIES;
  return `buckets/${bucketDirectory}/${fanOut.toString(16).padStart(2, "0")}`;
}

/**
 * The file of a body at its final place, below the engine's directory.
 * @param part 0 for a whole object
 */
export function bodyPath(bucketDirectory: string, key: Uint8Array, body: number, part: number): string {
  const suffix = part === 0 ? "" : `.part${String(part).padStart(5, "0")}`;
  return `${bodyDirectory(bucketDirectory, body)}/${readableName(key)}~${body}${suffix}`;
}

/** A safe directory name for a bucket: its name or id, escaped. */
export function bucketDirectoryName(name: string): string {
  return readableName(Buffer.from(name, "utf8")) || "%";
}
