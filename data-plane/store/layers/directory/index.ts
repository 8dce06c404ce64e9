/**
 * Directories over the store: see `DirectoryLayer`.
 *
 * @example
 * const directories = new DirectoryLayer({ random });
 * const users = await db.transact((tx) => directories.createOrOpen(tx, ["shop", "users"]));
 * await db.transact(async (tx) => tx.set(users.contents.pack([42]), name));
 */
export { Directory } from "./directory.ts";
export {
  type CreateOptions,
  DirectoryLayer,
  type DirectoryLayerOptions,
  type DirectoryPath,
  type OpenOptions,
} from "./directory-layer.ts";
export { DirectoryError, type DirectoryFailure } from "./errors.ts";
