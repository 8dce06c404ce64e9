/**
 * The embedded store: a whole one in one process and one directory, without ports. The roles are those of a cluster, and so are their promises: what
 * was acknowledged is on the disk, and transactions are strictly serializable.
 *
 * @example
 * const store = await openEmbedded(createSystemRuntime({ … }), { path: "/var/lib/app/store" });
 * const db = openDatabase(store, { runtime });
 */
import { ProcessLocked, takeProcessLock } from "#foundation/files";
import type { Runtime } from "#foundation/runtime";
import type { StoreBackend } from "../backend/index.ts";
import { inspectDirectory, makeDirectories, prepareDirectory } from "./directory.ts";
import { EmbeddedStore } from "./embedded-store.ts";
import { asOpenError, StoreOpenError } from "./open-error.ts";
import { recover } from "./recovery.ts";

export { IDS_KEPT_VERSIONS } from "./forget-ids.ts";
export { type OpenFailure, StoreOpenError } from "./open-error.ts";

export interface EmbeddedOptions {
  /** Absolute. Made when it is not there. */
  readonly path: string;
  /** Takes the lock for which the file stands, or throws `ProcessLocked`. Default: one of the operating system, which simulations do not have. */
  readonly takeLock?: (file: string) => { release(): void };
}

/**
 * Opens the store of a directory, or makes a new one.
 *
 * @throws StoreOpenError with what is wrong with the directory; DiskError
 */
export async function openEmbedded(runtime: Runtime, options: EmbeddedOptions): Promise<StoreBackend> {
  if (!options.path.startsWith("/")) throw new RangeError(`the path of a store is absolute, unlike ${options.path}`);
  const path = options.path.replace(/(?<=.)\/+$/, "");
  const { disk } = runtime;
  // Before the lock, which leaves a file: a directory of somebody else's is left as it is.
  await inspectDirectory(disk, path);
  await makeDirectories(disk, path);
  const lock = takeLock(options.takeLock ?? takeProcessLock, path);
  try {
    if ((await inspectDirectory(disk, path)) === "new") await prepareDirectory(disk, path);
    let store: EmbeddedStore | undefined;
    let failure: { readonly error: unknown } | undefined;
    const roles = await recover(runtime, path, (error) => {
      failure ??= { error };
      store?.fail(error);
    });
    store = new EmbeddedStore(runtime, roles, () => lock.release());
    if (failure !== undefined) store.fail(failure.error);
    return store;
  } catch (error) {
    lock.release();
    throw asOpenError(error);
  }
}

function takeLock(take: NonNullable<EmbeddedOptions["takeLock"]>, path: string): { release(): void } {
  try {
    return take(`${path}/lock`);
  } catch (error) {
    if (!(error instanceof ProcessLocked)) throw error;
    throw new StoreOpenError("in_use", `${path} is open already: one process at a time may use a store`, {
      cause: error,
    });
  }
}
