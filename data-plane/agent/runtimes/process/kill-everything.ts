/** Ends everything that descends from this process. It has to be a subreaper, so that nothing can have escaped from among its descendants. */
import { childrenOf, descendantsOf, sendSignal, statOf } from "./process-table.ts";

const PAUSE_MS = 2;
/** A process in an uninterruptible wait (a dead network file system) can outlive SIGKILL for as long as it likes. */
const PATIENCE_MS = 10_000;

/**
 * Stops all of them first, until a look at the tree finds none that was not stopped: a stopped process makes no more children. Then kills them.
 *
 * @param killAtOnce kills the control group, where there is one
 * @returns how many would not die in ten seconds
 */
export async function killEverything(killAtOnce: () => void, reapOrphans: () => void): Promise<number> {
  const patience = Date.now() + PATIENCE_MS;
  for (;;) {
    killAtOnce();
    const stopped = new Set<number>();
    for (let fresh = true; fresh; ) {
      fresh = false;
      for (const { pid } of descendantsOf(process.pid)) {
        if (stopped.has(pid)) continue;
        stopped.add(pid);
        fresh = true;
        sendSignal(pid, "SIGSTOP");
      }
    }
    for (const pid of stopped) sendSignal(pid, "SIGKILL");
    reapOrphans();
    const left = descendantsOf(process.pid);
    if (left.length === 0) return 0;
    if (Date.now() > patience) return left.length;
    await Bun.sleep(PAUSE_MS);
  }
}

/** Orphans became our children when their parents died: takes their exits, so that no zombie stays. `known` are those that Bun waits for itself. */
export function reapOrphans(reap: (pid: number) => boolean, known: ReadonlySet<number>): void {
  for (const pid of childrenOf(process.pid)) if (!known.has(pid) && statOf(pid)?.state === "Z") reap(pid);
}
