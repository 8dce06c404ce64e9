import { describe, expect, test } from "bun:test";
import type { Socket } from "bun";
import fc from "fast-check";
import { createVirtualTime } from "#foundation/runtime";
import { MessageWriter } from "../codec/message-writer.ts";
import { Channel, type ChannelOwner, channelHandlers } from "./channel.ts";
import { Deadlines, NEVER } from "./deadlines.ts";
import { lookNow } from "./turns.ts";

/** What happens, in order. */
type Log = string[];

/** The system's end of a socket: takes as much as it is told to, and notes what. */
class FakeNative {
  data: Channel | undefined;
  taken = "";
  /** Octets that it takes from now on. */
  room = Number.POSITIVE_INFINITY;
  isClosed = false;
  isPaused = false;

  constructor(
    readonly name: string,
    readonly log: Log,
  ) {}

  write(bytes: Uint8Array, from = 0, length = bytes.length): number {
    if (this.isClosed) return -1;
    const took = Math.min(this.room, length);
    this.room -= took;
    const text = Buffer.from(bytes.subarray(from, from + took)).toString("latin1");
    this.taken += text;
    this.log.push(`${this.name} writes ${text.length > 20 ? text.length : text}`);
    return took;
  }

  end(): void {
    this.#close("ends");
  }

  terminate(): void {
    this.#close("resets");
  }

  shutdown(): void {
    this.log.push(`${this.name} shuts down`);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  setNoDelay(): void {}

  #close(how: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.log.push(`${this.name} ${how}`);
    channelHandlers.close!(this.asSocket(), undefined as never);
  }

  asSocket(): Socket<Channel> {
    return this as unknown as Socket<Channel>;
  }
}

class End {
  readonly native: FakeNative;
  readonly channel: Channel;
  received = "";
  onBytes: (text: string, end: End) => void = () => {};

  constructor(
    readonly name: string,
    readonly log: Log,
    onDefect?: (error: unknown) => void,
  ) {
    this.native = new FakeNative(name, log);
    const owner: ChannelOwner = {
      onBytes: (bytes) => {
        const text = bytes.toString("latin1");
        this.received += text;
        log.push(`${name} sees ${text.length > 20 ? text.length : text}`);
        this.onBytes(text, this);
      },
      onEnd: () => log.push(`${name} sees the end`),
      onDrain: () => log.push(`${name} drains`),
      onClose: () => log.push(`${name} is closed`),
    };
    this.channel = new Channel(this.native.asSocket(), owner, onDefect);
  }

  /** The loop says that something has arrived. */
  arrives(text: string): void {
    channelHandlers.data!(this.native.asSocket(), Buffer.from(text, "latin1") as never);
  }

  peerEnds(): void {
    channelHandlers.end!(this.native.asSocket());
  }

  /** The system closes it, as after a reset. */
  breaks(): void {
    this.native.isClosed = true;
    channelHandlers.close!(this.native.asSocket(), new Error("ECONNRESET") as never);
  }

  /** The system takes more. */
  drains(room: number): void {
    this.native.room = room;
    channelHandlers.drain!(this.native.asSocket());
  }

  write(text: string): boolean {
    return this.channel.write(Buffer.from(text, "latin1"));
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function ends(count: number): { readonly log: Log; readonly all: readonly End[] } {
  const log: Log = [];
  return { log, all: Array.from({ length: count }, (_, i) => new End(String.fromCharCode(97 + i), log)) };
}

describe("in a turn", () => {
  test("everything is received before anything is looked at, and looked at before anything leaves", async () => {
    const { log, all } = ends(3);
    for (const end of all) {
      end.onBytes = (text) => void end.write(text.toUpperCase());
      end.arrives("x");
    }
    expect(log).toEqual([]);
    await turn();
    expect(log).toEqual(["a sees x", "b sees x", "c sees x", "a writes X", "b writes X", "c writes X"]);
  });

  test("what one writes in pieces leaves in one", async () => {
    const { log, all } = ends(1);
    const [a] = all as [End];
    a.onBytes = () => {
      a.write("one ");
      a.write("two");
      const written = new MessageWriter().reset().chunk(Buffer.from("three"));
      expect(a.channel.sendTold(written)).toBe("sent");
    };
    a.arrives("x");
    await turn();
    expect(log).toEqual(["a sees x", `a writes ${"one two5\r\nthree\r\n"}`]);
  });

  test("what two write in turns leaves in each one's order", async () => {
    const { all } = ends(2);
    const [a, b] = all as [End, End];
    a.onBytes = () => {
      for (const text of ["1", "2", "3"]) {
        a.write(text);
        b.write(text);
      }
    };
    a.arrives("x");
    await turn();
    expect([a.native.taken, b.native.taken]).toEqual(["123", "123"]);
  });

  test("what is long leaves at once, behind what is there", async () => {
    const { log, all } = ends(1);
    const [a] = all as [End];
    a.onBytes = () => {
      a.write("head");
      a.write("x".repeat(20_000));
      a.write("tail");
      log.push("done");
    };
    a.arrives("x");
    await turn();
    expect(log).toEqual(["a sees x", "a writes head", "a writes 20000", "done", "a writes tail"]);
  });

  test("more than the outbox holds leaves before the turn is over", async () => {
    const log: Log = [];
    const all = Array.from({ length: 40 }, (_, i) => new End(`${i}`, log));
    for (const end of all) {
      end.onBytes = () => void end.write(`${end.name} `.repeat(5_000));
      end.arrives("x");
    }
    await turn();
    expect(log).toContain("0 writes 10000");
    expect(log.indexOf("0 writes 10000")).toBeLessThan(log.indexOf("39 sees x"));
    for (const end of all) expect(end.native.taken === `${end.name} `.repeat(5_000)).toBe(true);
  });

  test("the first of many do not wait for all", async () => {
    const log: Log = [];
    const all = Array.from({ length: 200 }, (_, i) => new End(`${i}`, log));
    for (const end of all) {
      end.onBytes = () => void end.write("y");
      end.arrives("x");
    }
    await turn();
    expect(log.indexOf("0 writes y")).toBeLessThan(log.indexOf("199 sees x"));
    expect(log.filter((line) => line.endsWith("writes y"))).toHaveLength(200);
  });

  test("much is looked at before more is received", () => {
    const { log, all } = ends(3);
    for (const end of all) end.arrives("z".repeat(200_000));
    expect(log).toEqual(["a sees 200000", "b sees 200000"]);
  });

  test("much of one is looked at before more is received, so that it can be paused", () => {
    const { log, all } = ends(1);
    const [a] = all as [End];
    a.onBytes = () => a.channel.pause();
    for (let i = 0; i < 20 && !a.native.isPaused; i++) a.arrives("z".repeat(100_000));
    expect(log).toEqual(["a sees 100000"]);
    expect(a.native.isPaused).toBe(true);
  });

  test("an owner that fails loses its own connection only", async () => {
    const log: Log = [];
    const defects: unknown[] = [];
    const a = new End("a", log, (error) => defects.push(error));
    const b = new End("b", log);
    a.onBytes = () => {
      a.write("half");
      throw new Error("a defect");
    };
    b.onBytes = () => void b.write("whole");
    a.arrives("x");
    b.arrives("x");
    await turn();
    expect(defects).toEqual([new Error("a defect")]);
    expect(log).toEqual(["a sees x", "a writes half", "a ends", "a is closed", "b sees x", "b writes whole"]);
    b.arrives("y");
    await turn();
    expect(b.native.taken).toBe("wholewhole");
  });
});

describe("a defect", () => {
  test("at an end that had to wait closes that connection only", async () => {
    const log: Log = [];
    const defects: unknown[] = [];
    const a = new End("a", log, (error) => defects.push(error));
    a.channel.owner = {
      ...a.channel.owner,
      onBytes: () => {},
      onEnd: () => {
        throw new Error("at the end");
      },
    };
    a.channel.pause();
    a.arrives("x");
    a.peerEnds();
    a.channel.resume();
    const b = new End("b", log);
    b.arrives("y");
    await turn();
    expect(defects).toEqual([new Error("at the end")]);
    expect(log).toEqual(["a ends", "a is closed", "b sees y"]);
  });

  test("that nobody takes leaves no connection unheard, and nothing in the outbox", async () => {
    const log: Log = [];
    const a = new End("a", log, (error) => {
      throw error;
    });
    a.onBytes = () => {
      throw new Error("a defect");
    };
    const [first, last] = [new End("first", log), new End("last", log)];
    for (const end of [first, last]) end.onBytes = () => void end.write("answer");
    first.arrives("x");
    a.arrives("x");
    last.arrives("x");
    expect(lookNow).toThrow("a defect");
    expect(first.native.taken).toBe("answer");
    await turn();
    expect(last.native.taken).toBe("answer");
    // No turn goes on for ever.
    first.write(" now");
    expect(first.native.taken).toBe("answer now");
  });
});

describe("outside of one", () => {
  test("what is written leaves at once", () => {
    const { log, all } = ends(1);
    all[0]!.write("now");
    expect(log).toEqual(["a writes now"]);
  });
});

test("what has arrived is looked at before a deadline passes", () => {
  const { log, all } = ends(1);
  const [a] = all as [End];
  const time = createVirtualTime(0);
  const deadlines = new Deadlines(time, 10);
  const waiting = { deadline: deadlines.now + 50, expire: () => log.push("too late") };
  deadlines.add(waiting);
  a.onBytes = () => {
    waiting.deadline = NEVER;
  };
  time.advance(45);
  a.arrives("x");
  time.advance(100);
  expect(log).toEqual(["a sees x"]);
  deadlines.remove(waiting);
});

describe("an end", () => {
  test("of the peer comes behind what it has sent", async () => {
    const { log, all } = ends(2);
    const [a, b] = all as [End, End];
    b.arrives("y");
    a.arrives("x");
    a.peerEnds();
    expect(log).toEqual(["a sees x", "a sees the end"]);
    await turn();
    expect(log.slice(2)).toEqual(["b sees y"]);
  });

  test("of a connection that breaks comes behind what has arrived", () => {
    const { log, all } = ends(1);
    all[0]!.arrives("x");
    all[0]!.breaks();
    expect(log).toEqual(["a sees x", "a is closed"]);
  });

  test.each(["destroy", "reset", "end", "shutdown", "endLingering"] as const)(
    "of ours (%s) comes behind what was written in the turn",
    async (how) => {
      const { log, all } = ends(1);
      const [a] = all as [End];
      a.onBytes = () => {
        a.write("last");
        a.channel[how]();
        log.push("done");
      };
      a.arrives("x");
      await turn();
      expect(log[1]).toBe("a writes last");
      expect(["a ends", "a resets", "a shuts down"]).toContain(log[2]!);
      expect(a.native.taken).toBe("last");
      a.channel.destroy();
    },
  );

  test("of one by another's hand drops what it had received", async () => {
    const { log, all } = ends(2);
    const [a, b] = all as [End, End];
    a.onBytes = () => b.channel.destroy();
    a.arrives("x");
    b.arrives("y");
    await turn();
    expect(log).toEqual(["a sees x", "b ends", "b is closed"]);
  });
});

describe("a pause", () => {
  test("holds for what has arrived already, also by another's hand", async () => {
    const { log, all } = ends(2);
    const [a, b] = all as [End, End];
    a.onBytes = () => {
      a.channel.pause();
      b.channel.pause();
    };
    for (const text of ["1", "2", "3"]) a.arrives(text);
    b.arrives("y");
    await turn();
    expect(log).toEqual(["a sees 1"]);
    a.onBytes = () => {};
    a.channel.resume();
    b.channel.resume();
    expect(log).toEqual(["a sees 1"]);
    await turn();
    expect(log).toEqual(["a sees 1", "a sees 2", "a sees 3", "b sees y"]);
  });

  test("holds for the end behind it", async () => {
    const { log, all } = ends(1);
    const [a] = all as [End];
    a.onBytes = () => a.channel.pause();
    a.arrives("1");
    a.arrives("2");
    await turn();
    a.peerEnds();
    expect([log, a.channel.ended]).toEqual([["a sees 1"], false]);
    a.onBytes = () => {};
    a.channel.resume();
    await turn();
    expect(log).toEqual(["a sees 1", "a sees 2", "a sees the end"]);
  });

  test("does not hold when it closes: what has arrived was not lost before", async () => {
    const { log, all } = ends(1);
    const [a] = all as [End];
    a.channel.pause();
    a.arrives("1");
    a.peerEnds();
    a.breaks();
    expect(log).toEqual(["a sees 1", "a sees the end", "a is closed"]);
    await turn();
    expect(log).toHaveLength(3);
  });
});

test("what the system does not take at the end of a turn leaves when it does, in order", async () => {
  const { log, all } = ends(1);
  const [a] = all as [End];
  a.native.room = 3;
  a.onBytes = () => expect(a.write("abcdef")).toBe(true);
  a.arrives("x");
  await turn();
  expect([a.native.taken, a.channel.waitingBytes]).toEqual(["abc", 3]);
  expect(a.write("ghi")).toBe(false);
  a.drains(4);
  expect(log).not.toContain("a drains");
  a.drains(10);
  expect([a.native.taken, log.at(-1)]).toEqual(["abcdefghi", "a drains"]);
});

test("what is written while something waits leaves behind it, even if there is room already", async () => {
  const { all } = ends(1);
  const [a] = all as [End];
  a.native.room = 0;
  a.write("first");
  a.native.room = 10;
  a.onBytes = () => expect(a.write("second")).toBe(false);
  a.arrives("x");
  await turn();
  a.drains(100);
  expect(a.native.taken).toBe("firstsecond");
});

describe("whatever happens when", () => {
  const doing = fc.constantFrom("arrives", "writes", "pauses", "resumes", "drains", "has room", "turns");
  const step = fc.record({ doing, who: fc.nat(2), bytes: fc.nat(20_000), room: fc.nat(30_000) });

  test("octets come and leave in their order, none twice, none missing", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.array(fc.nat(20_000), { maxLength: 8 }),
        async (steps, answers) => {
          const { all } = ends(3);
          const sent = ["", "", ""];
          const written = ["", "", ""];
          let at = 0;
          const octets = (length: number): string => {
            const text = String.fromCharCode(48 + (at++ % 70)).repeat(length);
            return `${text}.`;
          };
          const write = (who: number, length: number): void => {
            const text = octets(length);
            written[who] += text;
            all[who]!.write(text);
          };
          for (const [who, end] of all.entries()) {
            end.onBytes = () => {
              // Its own answer, and something for its neighbour, as a proxy does.
              const length = answers[at % (answers.length + 1)];
              if (length !== undefined) write((who + at) % 3, length);
              if (at % 5 === 0) end.channel.pause();
            };
          }
          for (const { doing, who, bytes, room } of steps) {
            const end = all[who]!;
            if (doing === "arrives" && !end.native.isPaused) {
              const text = octets(bytes);
              sent[who] += text;
              end.arrives(text);
            } else if (doing === "writes") write(who, bytes);
            else if (doing === "pauses") end.channel.pause();
            else if (doing === "resumes") end.channel.resume();
            else if (doing === "drains") end.drains(room);
            // Before the loop says so.
            else if (doing === "has room") end.native.room = room;
            else await turn();
          }
          for (let rounds = 0; rounds < 100; rounds++) {
            for (const end of all) {
              end.drains(Number.POSITIVE_INFINITY);
              end.channel.resume();
            }
            await turn();
          }
          for (const [who, end] of all.entries()) {
            expect(end.received === sent[who]).toBe(true);
            expect(end.native.taken === written[who]).toBe(true);
            expect(end.channel.waitingBytes).toBe(0);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
