import { describe, expect, test } from "bun:test";
import type { EventId } from "#contracts";
import { createVirtualTime } from "#foundation/runtime";
import { LogWatch } from "./log-watch.ts";

const at = (head: number, epoch = 7) => ({ head: head as EventId, epoch });

function createWatch() {
  const time = createVirtualTime(0);
  const log = { state: at(3), looks: 0, listens: 0, away: false };
  const watch = new LogWatch({
    state: at(3),
    async look() {
      log.looks++;
      if (log.away) throw new Error("away");
      return log.state;
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
  return { watch, log, heard, tick, listener: (head: number) => void heard.push(head) };
}

describe("LogWatch", () => {
  test("tells each new end once, whoever says it first", async () => {
    const { watch, log, heard, tick, listener } = createWatch();
    watch.onAppended(listener);
    watch.told(at(3));
    watch.told(at(5));
    log.state = at(5);
    await tick(1_000);
    watch.told(at(5));
    watch.told(at(4));
    log.state = at(7);
    await tick(1_000);
    watch.told(at(7));
    expect(heard).toEqual([5, 7]);
  });

  test("tells once who has taken over, also those who ask later", async () => {
    const { watch, log, heard, tick } = createWatch();
    const leave = (error: Error) => void heard.push(Number(/epoch (\d+) has/.exec(error.message)?.[1]));
    watch.onDeposed(leave);
    watch.told(at(9, 6));
    watch.told(at(9, 7));
    await tick(1_000);
    expect(heard).toEqual([]);
    log.state = at(9, 8);
    await tick(1_000);
    watch.told(at(9, 9));
    expect(heard).toEqual([8]);
    watch.onDeposed(leave);
    expect(heard).toEqual([8, 8]);
  });

  test("looks only while somebody listens, and asks for hints once", async () => {
    const { watch, log, heard, tick, listener } = createWatch();
    await tick(10_000);
    expect([log.looks, log.listens]).toEqual([0, 0]);
    const end = watch.onAppended(listener);
    const endOther = watch.onAppended(() => undefined);
    end();
    log.state = at(9);
    await tick(1_000);
    expect([log.looks, log.listens, heard.length]).toEqual([1, 1, 0]);
    endOther();
    await tick(10_000);
    expect(log.looks).toBe(1);
    watch.onAppended(listener);
    watch.onDeposed(() => void heard.push(-1));
    watch.close();
    await tick(10_000);
    watch.told(at(20, 8));
    expect([log.looks, log.listens, heard.length]).toEqual([1, 1, 0]);
  });

  test("goes on looking when the database is away, and asks again for hints with the next listener", async () => {
    const { watch, log, heard, tick, listener } = createWatch();
    log.away = true;
    watch.onAppended(listener);
    await tick(1_000);
    await tick(1_000);
    expect([log.looks, log.listens]).toEqual([2, 1]);
    log.away = false;
    log.state = at(4);
    await tick(1_000);
    expect(heard).toEqual([4]);
    watch.onAppended(listener);
    expect(log.listens).toBe(2);
  });
});
