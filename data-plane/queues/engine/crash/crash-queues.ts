/** The queues of the crash tests. */

import type { ResourceId } from "#contracts";
import type { QueueEngine } from "../port.ts";

export const STANDARD = "standard" as ResourceId;
export const FIFO = "fifo" as ResourceId;
export const DEAD = "dead" as ResourceId;
export const MAX_RECEIVES = 3;

const HOUR_MS = 60 * 60 * 1000;

export async function ensureCrashQueues(engine: QueueEngine): Promise<void> {
  const shared = { visibilityMs: HOUR_MS, delayMs: 0, retentionMs: 24 * HOUR_MS };
  const redrive = { deadLetterQueueId: DEAD, maxReceiveCount: MAX_RECEIVES };
  await engine.ensure({ ...shared, queueId: DEAD, fifo: false });
  await engine.ensure({ ...shared, queueId: STANDARD, fifo: false, redrive });
  await engine.ensure({ ...shared, queueId: FIFO, fifo: true });
}
