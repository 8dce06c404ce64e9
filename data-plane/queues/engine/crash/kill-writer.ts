/** One life of the crash writer, and the examination of what it left. */

import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { killAfterLines } from "#foundation/sql/testing";
import { groupMessage } from "../conformance/fixture.ts";
import { openEmbeddedQueues } from "../open-embedded-queues.ts";
import type { PeekedMessage, QueueEngine } from "../port.ts";
import { auditDirectory } from "./audit.ts";
import { DEAD, ensureCrashQueues, FIFO, MAX_RECEIVES, STANDARD } from "./crash-queues.ts";
import type { Fate, History } from "./history.ts";

/** Starts the writer, kills it `afterLines` lines later with SIGKILL, and records all it said. */
export function liveAndDie(directory: string, seed: number, afterLines: number, history: History): Promise<void> {
  history.beginLife();
  const program = `${import.meta.dir}/crash-writer.ts`;
  return killAfterLines(program, [directory, String(seed)], afterLines, (line) => history.record(JSON.parse(line)));
}

/** Opens what was left, compares it with the history, closes it and audits the tables. Returns what is wrong. */
export async function examine(directory: string, history: History): Promise<readonly string[]> {
  const before = auditDirectory(directory);
  const engine = await openEmbeddedQueues({
    directory,
    clock: systemClock,
    random: systemRandom,
    timers: systemTimers,
    hosting: "inline",
  });
  const problems: string[] = [];
  try {
    await ensureCrashQueues(engine);
    const found = new Map<string, PeekedMessage & { readonly dead: boolean }>();
    for (const queueId of [STANDARD, FIFO, DEAD]) {
      for (const message of await peekAll(engine, queueId)) {
        if (found.has(message.body)) problems.push(`${name(message.body)} is there twice`);
        found.set(message.body, { ...message, dead: queueId === DEAD });
      }
    }
    for (const [body, fate] of history.fates) {
      const message = found.get(body);
      problems.push(...verdict(body, fate, message, history.unanswered));
      if (message !== undefined) fate.receives = message.receiveCount;
    }
    problems.push(...(await sendAgain(engine, history)));
  } finally {
    await engine.close();
  }
  return [...before, ...problems, ...auditDirectory(directory)];
}

/** All of a queue's messages. Fewer than one look shows: the tests see to it. */
async function peekAll(engine: QueueEngine, queueId: typeof STANDARD): Promise<readonly PeekedMessage[]> {
  const messages = await engine.peek(queueId, 1000);
  const { visible, inFlight, delayed } = await engine.counts(queueId);
  if (messages.length !== visible + inFlight + delayed) throw new Error(`${queueId} holds more than a look shows`);
  return messages;
}

function verdict(
  body: string,
  fate: Fate,
  found: (PeekedMessage & { readonly dead: boolean }) | undefined,
  unanswered: number,
): readonly string[] {
  if (found === undefined) return fate.sent && !fate.deleting ? [`${name(body)} was acknowledged and is lost`] : [];
  const problems: string[] = [];
  if (fate.deleted) problems.push(`${name(body)} was deleted and is back`);
  if (found.messageId !== `id of ${body}`) problems.push(`${name(body)} has the id ${name(found.messageId)}`);
  if (found.dead) {
    if (fate.receives + unanswered < MAX_RECEIVES)
      problems.push(`${name(body)} is dead after ${fate.receives} receives`);
    return problems;
  }
  if (found.receiveCount < fate.receives) problems.push(`${name(body)} has forgotten a receive`);
  const held = fate.invisibleUntil > systemClock.now() && found.receiveCount === fate.receives;
  if (held && found.state !== "inFlight") problems.push(`${name(body)} is ${found.state} before its time`);
  return problems;
}

/** Deduplication must have survived as well. */
async function sendAgain(engine: QueueEngine, history: History): Promise<readonly string[]> {
  const problems: string[] = [];
  const known = [...history.fates].filter(([, fate]) => fate.fifo && fate.sent).slice(-20);
  for (const [body, fate] of known) {
    const [outcome] = await engine.send(FIFO, [groupMessage("group 0", body)]);
    if (outcome?.duplicate !== true || outcome.messageId !== fate.messageId) {
      problems.push(`${name(body)} could be sent twice`);
    }
  }
  return problems;
}

function name(body: string): string {
  return body.slice(0, 30);
}
