import { expect, test } from "bun:test";
import type { ResourceId } from "#contracts";
import { createVirtualTime } from "#foundation/runtime";
import { longPoll } from "./long-poll.ts";
import { createWaitingRoom } from "./waiting-room.ts";

const QUEUE = "queue" as ResourceId;

/** Polls of one queue whose attempts are answered one after the other. */
function open(answers: readonly (readonly string[] | Error)[]) {
  const time = createVirtualTime(1_000_000);
  const room = createWaitingRoom(time.clock, time.timers);
  const given: string[] = [];
  let attempts = 0;
  const poll = (signal?: AbortSignal) =>
    longPoll<string>(room, time.clock, time.timers, {
      queueId: QUEUE,
      waitMs: 20_000,
      signal,
      async attempt(park) {
        const answer = answers[attempts++] ?? [];
        if (answer instanceof Error) throw answer;
        if (answer.length === 0) park();
        return answer;
      },
      giveBack: async (messages) => void given.push(...messages),
    });
  return { time, room, given, poll, attempts: () => attempts };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("one who is called and whose attempt fails passes the call on", async () => {
  const { room, poll } = open([[], [], new Error("overloaded"), ["a"]]);
  const first = poll().catch(String);
  const second = poll();
  await turn();
  room.wake(QUEUE, 1);
  expect(await first).toBe("Error: overloaded");
  expect(await second).toEqual(["a"]);
});

test("one whose first attempt fails was not called and calls nobody", async () => {
  const { poll, attempts, time } = open([[], new Error("overloaded")]);
  const waiting = poll();
  await turn();
  expect(await poll().catch(String)).toBe("Error: overloaded");
  await turn();
  expect(attempts()).toBe(2);
  time.advance(20_000);
  expect(await waiting).toEqual([]);
});

test("what arrives for one who has left is given back; then his signal speaks", async () => {
  const leaving = new AbortController();
  const { poll, given } = open([["a", "b"]]);
  const gone = poll(leaving.signal).catch(String);
  leaving.abort("gone");
  expect(await gone).toBe("gone");
  expect(given).toEqual(["a", "b"]);
});

test("one who leaves while he waits leaves no timer behind", async () => {
  const leaving = new AbortController();
  const { poll, time, attempts } = open([]);
  const gone = poll(leaving.signal).catch(String);
  await turn();
  expect(time.pendingTimers()).toBe(1);
  leaving.abort("gone");
  expect(await gone).toBe("gone");
  expect(time.pendingTimers()).toBe(0);
  expect(attempts()).toBe(1);
});
