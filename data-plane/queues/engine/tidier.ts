/** Has the records tidied: now and then, and piece after piece while there is something to remove. */

import type { TimerHandle, Timers } from "#foundation/runtime";
import type { Logger } from "#foundation/telemetry";
import type { Courier } from "./courier/courier.ts";

export interface Tidier {
  /** There is something to remove. */
  readonly soon: () => void;
  close(): void;
}

/** What is over is invisible at once; how soon its disk space is free again is not urgent. */
const EVERY_MS = 5000;

export interface TidierParts {
  readonly courier: Courier;
  readonly timers: Timers;
  readonly logger: Logger | undefined;
}

export function startTidier({ courier, timers, logger }: TidierParts): Tidier {
  let running = false;
  let closed = false;
  let timer: TimerHandle | undefined;

  const tidy = async (): Promise<void> => {
    if (running || closed) return;
    running = true;
    try {
      // Each piece is a command among the others' commands.
      while (!closed && (await courier.send({ name: "tidy", ask: {}, read: (answer) => answer.more })));
    } catch (error) {
      if (!closed) logger?.warn("the queues could not be tidied; it will be tried again", { error });
    } finally {
      running = false;
    }
  };
  timer = timers.every(EVERY_MS, () => void tidy());
  return {
    soon: () => void tidy(),
    close() {
      closed = true;
      timer?.cancel();
      timer = undefined;
    },
  };
}
