/**
 * What this executable does when it is called as a part of an instance, instead of as Biplane:
 *
 *     supervise <directory of the instance> <run>
 *     enter <entry file>
 *     probe <empty folder>
 *     idle, is-terminal        for the probe
 *
 * Run from source this is `instance-process.main.ts`; a compiled executable needs a hidden command that passes its arguments on to `runInstanceProcess`,
 * and names it in `ProcessRuntimeOptions.command`.
 */
import { enter } from "./enter.ts";
import { probeInside } from "./probe-inside.ts";
import { supervise } from "./supervise.ts";

/** @param command how this process was called, without `args`: it calls itself again */
export async function runInstanceProcess(args: readonly string[], command: readonly string[]): Promise<void> {
  const [role, first, second] = args;
  if (role === "enter" && first !== undefined) return enter(first);
  if (role === "supervise" && first !== undefined) {
    await supervise(first, Number(second), command);
    // Sockets of clients that do not go must not keep us.
    process.exit(0);
  }
  if (role === "probe" && first !== undefined) return probeInside(first);
  if (role === "is-terminal") process.exit(process.stdout.isTTY ? 0 : 1);
  // Until it is killed, or the agent is, which holds the other end.
  if (role === "idle") return void (await Bun.stdin.text());
  throw new Error("supervise <directory> <run>, enter <file> or probe <folder> was expected");
}
