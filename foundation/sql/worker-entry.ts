/** Where a worker's code is found, run from source and inside a compiled executable. */

/** Bun serves the files of a compiled executable under this path (`B:/~BUN/` on Windows). */
const EMBEDDED = /\/\$bunfs\/|\/~BUN\//;

/**
 * The address of a worker entry for `new Worker(…)`.
 *
 * Run from source, modules have their own addresses. In an executable made by `bun build --compile` every module of the main program shares one address, and
 * extra entry points are found by their path below the build's root. So the build must be told of each worker, from the root of the repository:
 *
 *     bun build --compile --root . apps/biplane/main.ts data-plane/objects/engine/objects.worker.ts … --outfile dist/biplane
 *
 * By convention worker entries, and nothing else, are named `*.worker.ts`, so that the build script can list them with one glob.
 *
 * @param path from the root of the repository, for example `data-plane/objects/engine/objects.worker.ts`
 */
export function workerEntry(path: string): string {
  if (EMBEDDED.test(import.meta.url)) return `./${path}`;
  return new URL(`../../${path}`, import.meta.url).href;
}
