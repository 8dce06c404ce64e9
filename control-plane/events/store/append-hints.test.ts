import { describe, expect, test } from "bun:test";
import type { EventId } from "#contracts";
import { createVirtualTime } from "#foundation/runtime";
import { AppendHints } from "./append-hints.ts";

const id = (value: number): EventId => value as EventId;

function createHints() {
  const time = createVirtualTime(0);
  const log = { head: 3, looks: 0, listens: 0, away: false };
  const hints = new AppendHints({
    head: id(3),
    async look() {
      log.looks++;
      if (log.away) throw new Error("away");
      return id(log.head);
    },
    async listen() {
      log.listens++;
      if (log.away) throw new Error("away");
    },
    timers: time.timers,
  });
  const heard: number[] = [];
  const tick = async (ms: number): Promise<void> => {
    time.advance(ms);
    await new Promise<void>((resolve) => setImmediate(resolve));
  };
  return { hints, log, heard, tick, listener: (head: EventId) => void heard.push(head) };
}

describe("AppendHints", () => {
  test("tells each new end once, whoever says it first", async () => {
    const { hints, log, heard, tick, listener } = createHints();
    hints.subscribe(listener);
    hints.told(id(3));
    hints.told(id(5));
    log.head = 5;
    await tick(1_000);
    hints.told(id(5));
    hints.told(id(4));
    log.head = 7;
    await tick(1_000);
    hints.told(id(7));
    expect(heard).toEqual([5, 7]);
  });

  test("looks only while somebody listens, and asks for hints once", async () => {
    const { hints, log, heard, tick, listener } = createHints();
    await tick(10_000);
    expect([log.looks, log.listens]).toEqual([0, 0]);
    const end = hints.subscribe(listener);
    const endOther = hints.subscribe(() => undefined);
    end();
    log.head = 9;
    await tick(1_000);
    expect([log.looks, log.listens, heard.length]).toEqual([1, 1, 0]);
    endOther();
    await tick(10_000);
    expect(log.looks).toBe(1);
    hints.subscribe(listener);
    hints.close();
    await tick(10_000);
    hints.told(id(20));
    expect([log.looks, log.listens, heard.length]).toEqual([1, 1, 0]);
  });

  test("goes on looking when the database is away, and asks again for hints with the next listener", async () => {
    const { hints, log, heard, tick, listener } = createHints();
    log.away = true;
    hints.subscribe(listener);
    await tick(1_000);
    await tick(1_000);
    expect([log.looks, log.listens]).toEqual([2, 1]);
    log.away = false;
    log.head = 4;
    await tick(1_000);
    expect(heard).toEqual([4]);
    hints.subscribe(listener);
    expect(log.listens).toBe(2);
  });
});
