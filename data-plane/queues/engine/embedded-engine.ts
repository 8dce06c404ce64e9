/** The embedded engine's methods: each is one command to the records, or a few in a row. */

import type { ResourceId } from "#contracts";
import type { Clock, Timers } from "#foundation/runtime";
import type { Courier } from "./courier/courier.ts";
import { packEnvelope } from "./envelope.ts";
import { peekedMessage, receivedMessage } from "./messages-out.ts";
import type { MoveRunner } from "./move-runner.ts";
import type { NewMessage, QueueEngine, ReceivedMessage, ReceiveOptions, SendOutcome } from "./port.ts";
import type { Answer, Ask, CommandName, Hints, PackedMessage } from "./records/commands.ts";
import { longPoll } from "./waiting/long-poll.ts";
import type { WaitingRoom } from "./waiting/waiting-room.ts";

/** The engine's parts, put together by `openEmbeddedQueues`. */
export interface EngineParts {
  readonly courier: Courier;
  readonly room: WaitingRoom;
  readonly moves: MoveRunner;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly failure: () => Error | undefined;
  /** Removes a piece of what is due to be removed, soon. */
  readonly tidySoon: () => void;
  readonly shutDown: () => Promise<void>;
}

/** Pieces of due work that one look at the counts does before it answers what is so far: with 200 messages each, some 100 ms. */
const COUNT_PIECES_MAX = 100;

const ALL_WAITERS = Number.POSITIVE_INFINITY;

export function assembleEngine(parts: EngineParts): QueueEngine {
  const { courier, room, moves, clock, timers } = parts;

  const plain = <Name extends CommandName>(name: Name, ask: Ask<Name>): Promise<Answer<Name>> =>
    courier.send({ name, ask, read: (answer) => answer });
  /** A command about the whole queue, after which those who wait must look again. */
  const shake = async (name: "beginDelete" | "drop" | "ensure", ask: Ask<typeof name>, queueId: ResourceId) => {
    await courier.send({ name, ask, read: () => room.wake(queueId, ALL_WAITERS) });
  };
  const heed = (queueId: ResourceId, { nextDue, touched }: Hints): void => {
    room.note(queueId, nextDue);
    for (const other of touched ?? []) room.wake(other, ALL_WAITERS);
  };

  const attempt = async (
    queueId: ResourceId,
    { max, visibilityMs, attemptId, signal }: ReceiveOptions,
    park: () => void,
  ): Promise<readonly ReceivedMessage[]> => {
    const ask = { queue: queueId, max, visibilityMs, attemptId };
    for (;;) {
      const { messages, again } = await courier.send({
        name: "receive",
        ask,
        read(answer, texts) {
          const found = answer.messages.map((packed) => receivedMessage(packed, texts));
          if (found.length === 0 && answer.again !== true) park();
          heed(queueId, answer);
          if (answer.more === true) room.wake(queueId, 1);
          return { messages: found, again: answer.again === true };
        },
      });
      if (!again) return messages;
      signal?.throwIfAborted();
    }
  };
  const release = async (queueId: ResourceId, handles: readonly string[]): Promise<void> => {
    const ask = { queue: queueId, handles };
    await courier.send({ name: "release", ask, read: () => room.wake(queueId, handles.length) });
  };

  return {
    ensure: (settings) => shake("ensure", { settings }, settings.queueId),
    beginDelete: (queueId) => shake("beginDelete", { queue: queueId }, queueId),
    async abandonDelete(queueId) {
      await plain("abandonDelete", { queue: queueId });
    },
    async drop(queueId) {
      await shake("drop", { queue: queueId }, queueId);
      parts.tidySoon();
    },
    marked: () => plain("marked", {}),
    queues: () => plain("queues", {}),

    send(queueId, messages) {
      const texts: string[] = [];
      const packed = messages.map((message) => packMessage(message, texts));
      return courier.send({
        name: "send",
        ask: { queue: queueId, messages: packed },
        texts,
        read(answer): readonly SendOutcome[] {
          heed(queueId, answer);
          room.wake(queueId, messages.length);
          return answer.accepted ?? messages.map(({ messageId }) => ({ messageId, duplicate: false }));
        },
      });
    },
    receive: (queueId, options) =>
      longPoll(room, clock, timers, {
        queueId,
        waitMs: options.waitMs,
        signal: options.signal,
        attempt: (park) => attempt(queueId, options, park),
        giveBack: (messages) =>
          release(
            queueId,
            messages.map((message) => message.receiptHandle),
          ),
      }),
    delete: (queueId, handles) =>
      courier.send({
        name: "delete",
        ask: { queue: queueId, handles },
        read({ outcomes, unlocked }) {
          if (unlocked === true) room.wake(queueId, handles.length);
          return outcomes;
        },
      }),
    changeVisibility: (queueId, changes) =>
      courier.send({
        name: "changeVisibility",
        ask: { queue: queueId, changes },
        read(answer) {
          heed(queueId, answer);
          if (changes.some((change) => change.visibilityMs === 0)) room.wake(queueId, changes.length);
          return answer.outcomes;
        },
      }),
    release,
    async lastDeletion(name) {
      return (await plain("lastDeletion", { name })) ?? undefined;
    },
    async purge(queueId, intervalMs) {
      await plain("purge", { queue: queueId, intervalMs });
      parts.tidySoon();
    },

    async counts(queueId) {
      for (let pieces = 1; ; pieces++) {
        const { more, ...counts } = await plain("counts", { queue: queueId });
        if (!more || pieces === COUNT_PIECES_MAX) return counts;
      }
    },
    peek: (queueId, limit) =>
      courier.send({
        name: "peek",
        ask: { queue: queueId, limit },
        read: (answer, texts) => answer.map((packed) => peekedMessage(packed, texts)),
      }),

    async startMove(task) {
      const started = await plain("startMove", task);
      moves.run({ taskId: task.taskId, perSecondMax: task.messagesPerSecondMax ?? null });
      return started;
    },
    cancelMove: (taskId) => plain("cancelMove", { taskId }),
    moves: (source, limit) => plain("moves", { source, limit }),
    async move(taskId) {
      return (await plain("move", { taskId })) ?? undefined;
    },

    get failure() {
      return parts.failure();
    },
    close: () => parts.shutDown(),
  };
}

function packMessage(message: NewMessage, texts: string[]): PackedMessage {
  const { messageId, body, groupId, deduplicationId, delayMs } = message;
  const envelope = packEnvelope(message);
  texts.push(envelope, body);
  const packed = { envelope: envelope.length, body: body.length, delayMs, groupId };
  return groupId === undefined ? packed : { ...packed, deduplicationId, messageId };
}
