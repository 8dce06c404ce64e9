/** Keeps move tasks going, each at its own pace. */

import type { ResourceId } from "#contracts";
import { type Clock, type Random, randomUuid, type TimerHandle, type Timers } from "#foundation/runtime";
import type { Logger } from "#foundation/telemetry";
import type { Courier } from "./courier/courier.ts";
import type { RunningMove } from "./records/commands.ts";

export interface MoveRunner {
  /** Begins, or goes on with, a task that is on record. */
  run(task: RunningMove): void;
  close(): void;
}

/** StartMessageMoveTask: at most 500 messages a second. */
const PER_SECOND_MAX = 500;

/** A step moves what this time allows: small enough to be no burst, large enough to share a commit. */
const STEP_MS = 100;

/** After a failure of the storage a step is tried again. */
const RETRY_MS = 1000;

export interface MoveRunnerParts {
  readonly courier: Courier;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger | undefined;
  /** Messages arrived in this queue. */
  readonly arrived: (queueId: ResourceId) => void;
}

export function createMoveRunner({ courier, clock, timers, random, logger, arrived }: MoveRunnerParts): MoveRunner {
  const waiting = new Map<string, TimerHandle>();
  let closed = false;

  const schedule = (delayMs: number, task: RunningMove, allowance: number, since: number): void => {
    if (closed) return;
    const timer = timers.after(delayMs, () => {
      waiting.delete(task.taskId);
      void step(task, allowance, since);
    });
    waiting.set(task.taskId, timer);
  };
  /** @param allowance what the time before `since` allowed and was not used, a fraction of a message */
  const step = async (task: RunningMove, allowance: number, since: number): Promise<void> => {
    const perSecond = Math.min(task.perSecondMax ?? PER_SECOND_MAX, PER_SECOND_MAX);
    const now = clock.monotonicMs();
    const allowed = Math.min(allowance + ((now - since) * perSecond) / 1000, Math.max(1, perSecond / 10));
    const messageIds = Array.from({ length: Math.floor(allowed) }, () => randomUuid(random));
    if (messageIds.length === 0) return schedule(STEP_MS, task, allowed, now);
    try {
      const { running, moved } = await courier.send({
        name: "continueMove",
        ask: { taskId: task.taskId, messageIds },
        read(answer) {
          for (const queueId of answer.touched ?? []) arrived(queueId);
          return answer;
        },
      });
      if (running) schedule(STEP_MS, task, allowed - moved, now);
    } catch (error) {
      if (closed) return;
      logger?.warn("a move task could not go on; it will be tried again", { error, taskId: task.taskId });
      schedule(RETRY_MS, task, 0, clock.monotonicMs());
    }
  };

  return {
    run: (task) => schedule(0, task, 1, clock.monotonicMs()),
    close() {
      closed = true;
      for (const timer of waiting.values()) timer.cancel();
      waiting.clear();
    },
  };
}
