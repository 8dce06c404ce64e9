/**
 * The layout of a running epoch, as the loops that tend it share it: who is a member changes, and one change is agreed to at a time.
 */
import type { Layout, StorageTeam, Version } from "#foundation/store-protocol";
import type { Attempt } from "../attempt.ts";
import type { DirectorTask } from "../recovery-view.ts";
import { commitLayout } from "../steps/commit-layout.ts";

export class EpochLayout {
  /**
   * Storage servers that cannot go on from the logs. Whoever is in here belongs to the loop that fills it, and to nobody else: a lock would break off
   * what is being copied. The loop that takes servers in puts them here, the other one takes them out.
   */
  readonly lacking = new Set<string>();
  /** Of which version the copies are that were made in this epoch, by the server that has one. */
  readonly copied = new Map<string, Version>();
  /** Storage workers that are being made, and may not be in the layout yet. */
  readonly making = new Set<string>();
  /** Since when nothing useful has been heard of a member, on the monotonic clock. */
  readonly silentSinceMs = new Map<string, number>();
  #current: Layout;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(layout: Layout) {
    this.#current = layout;
  }

  /** As it was agreed to last. */
  get current(): Layout {
    return this.#current;
  }

  /** Has other members agreed to; `change` is called when those before are settled, right before its result is proposed. @throws as `commitLayout` */
  amend(
    attempt: Attempt,
    task: DirectorTask,
    change: (teams: readonly StorageTeam[]) => readonly StorageTeam[],
  ): Promise<void> {
    const done = this.#turn.then(async () => {
      const next = { ...this.#current, teams: change(this.#current.teams) };
      await commitLayout(attempt, task, next);
      this.#current = next;
    });
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** Members of which nothing useful has been heard for so long. */
  lost(nowMs: number, afterMs: number): ReadonlySet<string> {
    return new Set([...this.silentSinceMs].filter(([, sinceMs]) => nowMs - sinceMs >= afterMs).map(([id]) => id));
  }
}
