/** How an entry point becomes a self-contained executable. */

export interface Executable {
  /** Where it goes. */
  readonly outfile: string;
  readonly entry: string;
  /** Worker threads (`*.worker.ts`) are entry points of their own: the executable carries them beside the program, under their paths from the root. */
  readonly workers: readonly string[];
}

/** All there are, in the working directory: the clone. */
export const WORKERS: readonly string[] = [
  ...new Bun.Glob("{apps,control-plane,data-plane,foundation}/**/*.worker.ts").scanSync("."),
].sort();

/** @param options further options of `bun build` */
export const compileCommand = (
  { outfile, entry, workers }: Executable,
  ...options: readonly string[]
): readonly string[] => [
  ...[process.execPath, "build", "--compile", ...options, "--root", ".", `--outfile=${outfile}`, entry],
  ...workers,
];
