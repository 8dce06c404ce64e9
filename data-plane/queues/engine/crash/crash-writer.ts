/**
 * A program that uses queues in every way until it is killed. Run by the crash tests:
 *
 *     crash-writer.ts <directory> <seed>
 *
 * It says on its standard output what it is about to do and what was acknowledged, each line with one write(2), so that nothing that was said is lost.
 */

import { writeSync } from "node:fs";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { newMessage } from "../conformance/fixture.ts";
import { openEmbeddedQueues } from "../open-embedded-queues.ts";
import { ensureCrashQueues, FIFO, STANDARD } from "./crash-queues.ts";
import type { Line } from "./history.ts";

const [directory, seedText] = process.argv.slice(2);
if (directory === undefined) throw new Error("usage: crash-writer.ts <directory> <seed>");

const LOOPS = 8;
const GROUPS = 3;

let state = Number(seedText ?? "1") | 1;
function below(bound: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
  return (state >>> 8) % bound;
}

const say = (line: Line): void => void writeSync(1, `${JSON.stringify(line)}\n`);

const engine = await openEmbeddedQueues({
  directory,
  clock: systemClock,
  random: systemRandom,
  timers: systemTimers,
  hosting: "worker",
});
await ensureCrashQueues(engine);

let bodies = 0;
async function send(fifo: boolean): Promise<void> {
  const batch = Array.from({ length: 1 + below(3) }, () => {
    const body = `${seedText}:${++bodies}${below(10) === 0 ? "x".repeat(20_000) : ""}`;
    const id = { messageId: `id of ${body}` };
    return newMessage(body, fifo ? { ...id, groupId: `group ${below(GROUPS)}`, deduplicationId: body } : id);
  });
  for (const { body } of batch) say({ send: body, fifo });
  const outcomes = await engine.send(fifo ? FIFO : STANDARD, batch);
  outcomes.forEach(({ messageId }, index) => {
    say({ sent: batch[index]!.body, messageId });
  });
}

async function receive(fifo: boolean): Promise<void> {
  const queueId = fifo ? FIFO : STANDARD;
  // Some come back at once, and after three times go to the dead letters.
  const visibilityMs = below(4) === 0 ? 0 : 3_600_000;
  const kind = fifo ? "fifo" : "standard";
  say({ receiving: kind });
  const messages = await engine.receive(queueId, { max: 1 + below(4), waitMs: below(2) * 20, visibilityMs });
  const until = systemClock.now() + visibilityMs - 60_000;
  for (const { body, receiveCount } of messages) {
    say({ received: body, count: receiveCount, until: visibilityMs === 0 ? 0 : until });
  }
  say({ answered: kind });
  const done = messages.filter(() => visibilityMs > 0 && below(5) > 0);
  for (const { body } of done) say({ delete: body });
  const outcomes = await engine.delete(
    queueId,
    done.map((message) => message.receiptHandle),
  );
  outcomes.forEach((outcome, index) => {
    if (outcome === "deleted") say({ deleted: done[index]!.body });
  });
}

async function loop(number: number): Promise<never> {
  const fifo = number % 2 === 0;
  for (;;) await (below(5) < 2 ? send(fifo) : receive(fifo));
}

writeSync(1, "ready\n");
await Promise.all(Array.from({ length: LOOPS }, (_, number) => loop(number)));
