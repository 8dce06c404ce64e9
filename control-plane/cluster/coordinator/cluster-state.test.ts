import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { MalformedBytesError } from "#foundation/binary";
import type { ClusterConfig, Layout, NodeRecord } from "#foundation/store-protocol";
import { applyCommand, type ClusterState, decodeState, emptyCluster, encodeState } from "./cluster-state.ts";
import { type Command, decodeCommand, encodeCommand } from "./commands.ts";
import { configProblem, SINGLE } from "./config.ts";

const node = (name: string, incarnation: bigint, workers: NodeRecord["workers"] = []): NodeRecord => ({
  node: name,
  incarnation,
  address: `${name}:7000`,
  capabilities: ["log", "storage"],
  workers,
});

const layoutOf = (epoch: bigint): Layout => ({
  epoch,
  director: "d",
  recoveryVersion: epoch * 10n,
  firstVersion: epoch * 10n + 1n,
  sequencer: { address: "a:1", id: "sequencer" },
  proxies: [{ address: "a:1", id: "proxy" }],
  resolvers: [{ begin: new Uint8Array(), resolver: { address: "a:1", id: "resolver" } }],
  logs: [{ address: "a:1", id: `log-${epoch}` }],
  teams: [
    {
      tag: "0",
      begin: new Uint8Array(),
      end: Uint8Array.of(0xff, 0xff),
      members: [{ storage: { address: "a:1", id: "storage" }, status: "up" }],
    },
  ],
});

const run = (commands: readonly Command[], from: ClusterState = emptyCluster(SINGLE)): ClusterState =>
  commands.reduce((state, command) => applyCommand(state, command)[0], from);

const outcomeOf = (state: ClusterState, command: Command) => applyCommand(state, command)[1];

const names = fc.constantFrom("n1", "n2", "n3");
const directors = fc.constantFrom("d1", "d2", "d3");
const epochs = fc.bigInt(0n, 6n);
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ type: fc.constant("beginEpoch" as const), expected: epochs, director: directors }),
  fc.record({ type: fc.constant("commitLayout" as const), director: directors, layout: epochs.map(layoutOf) }),
  fc.record({ type: fc.constant("endEpoch" as const), epoch: epochs, director: directors }),
  fc.tuple(names, epochs).map(([name, incarnation]) => ({ type: "register" as const, ...node(name, incarnation) })),
  fc.record({ type: fc.constant("expire" as const), node: names, incarnation: epochs }),
  fc.record({
    type: fc.constant("configure" as const),
    expected: fc.nat(3),
    config: fc.nat(4).map((logs): ClusterConfig => ({ ...SINGLE, logs })),
  }),
);

describe("epochs", () => {
  test("are given to the one who names the one before, and never twice", () => {
    const begun = run([{ type: "beginEpoch", expected: 0n, director: "d1" }]);
    expect(begun).toMatchObject({ epoch: 1n, director: "d1", phase: "recovering" });
    expect(outcomeOf(begun, { type: "beginEpoch", expected: 0n, director: "d2" })).toEqual({
      kind: "superseded",
      detail: 1n,
    });
  });

  test("have a layout of their own director only, and none once they have ended", () => {
    const begun = run([{ type: "beginEpoch", expected: 0n, director: "d1" }]);
    expect(outcomeOf(begun, { type: "commitLayout", director: "d2", layout: layoutOf(1n) }).kind).toBe("superseded");
    expect(outcomeOf(begun, { type: "commitLayout", director: "d1", layout: layoutOf(2n) }).kind).toBe("superseded");
    const ended = run([{ type: "endEpoch", epoch: 1n, director: "d1" }], begun);
    expect(outcomeOf(ended, { type: "commitLayout", director: "d1", layout: layoutOf(1n) }).kind).toBe("superseded");
    const committed = run([{ type: "commitLayout", director: "d1", layout: layoutOf(1n) }], begun);
    expect(committed).toMatchObject({ phase: "running", layout: { epoch: 1n } });
  });

  test("whatever is commanded: epochs and revisions only rise, and an epoch has layouts of one director", () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        let state = emptyCluster(SINGLE);
        const committedBy = new Map<bigint, string>();
        for (const one of commands) {
          const [next, outcome] = applyCommand(state, one);
          expect(next.epoch >= state.epoch).toBe(true);
          expect(next.revision).toBe(next === state ? state.revision : state.revision + 1);
          if (one.type === "commitLayout" && outcome.kind === "done") {
            expect(committedBy.get(one.layout.epoch) ?? one.director).toBe(one.director);
            committedBy.set(one.layout.epoch, one.director);
          }
          // What was committed last is never forgotten: the next recovery needs it.
          if (state.layout !== undefined) expect(next.layout!.epoch >= state.layout.epoch).toBe(true);
          state = next;
        }
      }),
    );
  });
});

describe("nodes", () => {
  test("a later start replaces an earlier one, and never the other way round", () => {
    const state = run([{ type: "register", ...node("n1", 5n) }]);
    expect(outcomeOf(state, { type: "register", ...node("n1", 4n) })).toEqual({ kind: "superseded", detail: 5n });
    const again = run([{ type: "register", ...node("n1", 6n, [{ id: "l1", kind: "log" }]) }], state);
    expect(again.nodes.get("n1")?.workers).toHaveLength(1);
    expect(run([{ type: "expire", node: "n1", incarnation: 5n }], again).nodes.size).toBe(1);
    expect(run([{ type: "expire", node: "n1", incarnation: 6n }], again).nodes.size).toBe(0);
  });

  test("saying the same again changes nothing", () => {
    const state = run([{ type: "register", ...node("n1", 5n) }]);
    expect(applyCommand(state, { type: "register", ...node("n1", 5n) })[0]).toBe(state);
  });
});

describe("configurations", () => {
  test("replace the one that is named, when they can be", () => {
    const state = run([{ type: "configure", expected: 0, config: { ...SINGLE, logs: 3 } }]);
    expect(state).toMatchObject({ config: { logs: 3 }, configRevision: 1 });
    expect(outcomeOf(state, { type: "configure", expected: 0, config: SINGLE })).toEqual({
      kind: "superseded",
      detail: 1n,
    });
    expect(outcomeOf(state, { type: "configure", expected: 1, config: { ...SINGLE, logs: 0 } }).kind).toBe("invalid");
  });

  test.each<[change: Partial<ClusterConfig>, problem: string]>([
    [{ logs: 0 }, "logs is 0; 1 to 64 are allowed"],
    [{ replicas: 65 }, "replicas is 65; 1 to 64 are allowed"],
    [{ splits: [Uint8Array.of(2), Uint8Array.of(1)] }, "splits are keys in ascending order, and not empty"],
    [{ splits: [new Uint8Array()] }, "splits are keys in ascending order, and not empty"],
    [{ splits: [Uint8Array.of(0xff)] }, "splits are keys below 0xFF"],
  ])("%p cannot be", (change, problem) => {
    expect(configProblem({ ...SINGLE, ...change })).toBe(problem);
  });
});

describe("as bytes", () => {
  test("commands and states are what they were", () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 20 }), (commands) => {
        expect(commands.map(encodeCommand).map((bytes) => decodeCommand(bytes))).toEqual(commands);
        const state = run(commands);
        expect(decodeState(encodeState(state))).toEqual(state);
      }),
    );
  });

  test("whatever comes is a command, malformed, or of a format to come", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 80 }), command.map(encodeCommand)),
        fc.nat(),
        fc.nat(255),
        (bytes, at, byte) => {
          const damaged = bytes.slice();
          if (damaged.length > 0) damaged[at % damaged.length] = byte;
          try {
            decodeCommand(damaged);
          } catch (error) {
            expect(error instanceof MalformedBytesError || error instanceof RangeError).toBe(true);
          }
        },
      ),
    );
    expect(() => decodeState(Uint8Array.of(9))).toThrow("a state of format 9; this program knows 1");
    const later = encodeCommand({ type: "endEpoch", epoch: 1n, director: "d" });
    later[0] = 2;
    expect(() => decodeCommand(later)).toThrow("a command of format 2; this program knows 1");
  });

  test("a command is as it is written down", () => {
    const bytes = encodeCommand({ type: "beginEpoch", expected: 3n, director: "ab" });
    expect(Buffer.from(bytes).toString("hex")).toBe("01" + "0000000f" + "02" + "0000000000000003" + "000000026162");
  });
});
