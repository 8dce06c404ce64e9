/** The children of a supervisor: those that Bun waits for, those that were adopted and are waited for here, and orphans that are only to be reaped. */
import { reapOrphans } from "./kill-everything.ts";
import type { ProgramExit } from "./launch.ts";
import type { Native } from "./native.ts";

/** The signal of a child's end tells of it at once; this is for one that got lost. */
const LOOK_AGAIN_MS = 1_000;

export class Children {
  readonly #native: Pick<Native, "reap" | "exitOf">;
  readonly #known = new Set<number>();
  #holders = 0;

  constructor(native: Pick<Native, "reap" | "exitOf">) {
    this.#native = native;
    process.on("SIGCHLD", this.reap);
  }

  /** Started by Bun, which waits for it. To be said in the same turn in which it is started. */
  keep = (child: Bun.Subprocess): void => {
    this.#known.add(child.pid);
    void child.exited.then(() => this.#known.delete(child.pid));
  };

  reap = (): void => {
    if (this.#holders === 0) reapOrphans(this.#native.reap, this.#known);
  };

  /** While somebody expects an orphan whose number is not known yet, none is reaped. @returns ends that */
  hold(): () => void {
    this.#holders += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holders -= 1;
      this.reap();
    };
  }

  /** Waits for an orphan that has become our child. */
  adopt(pid: number): Promise<ProgramExit> {
    this.#known.add(pid);
    return new Promise<ProgramExit>((resolve, reject) => {
      const end = (settle: () => void): void => {
        process.off("SIGCHLD", look);
        clearInterval(timer);
        this.#known.delete(pid);
        settle();
      };
      const look = (): void => {
        try {
          const exit = this.#native.exitOf(pid);
          if (exit !== undefined) end(() => resolve(exit));
        } catch (error) {
          end(() => reject(error));
        }
      };
      const timer = setInterval(look, LOOK_AGAIN_MS);
      process.on("SIGCHLD", look);
      look();
    });
  }
}
