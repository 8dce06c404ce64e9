/** How this program calls itself to supervise an instance: the supervisor outlives it, also through an upgrade. */

/** The first argument of a program that is to be a supervisor, and nothing for people; see `main.ts`. */
const INSTANCE_PROCESS = "instance-process";

/** True in an executable that was built: the entry point is inside it. */
const isBuilt = (): boolean => Bun.main.startsWith("/$bunfs/") || import.meta.path.startsWith("/$bunfs/");

/** Undefined when run from source: the runtime then knows its own entry point, which starts faster. */
export function instanceCommand(): readonly string[] | undefined {
  return isBuilt() ? [process.execPath, INSTANCE_PROCESS] : undefined;
}
