import { describe, expect, test } from "bun:test";
import type { BucketRecord, ControlPlaneId, ControlPlaneMessage, EventId } from "#contracts";
import { backoffMs } from "./backoff.ts";
import { COMMANDS_PENDING_MAX, HANDSHAKE_TIMEOUT_MS } from "./limits.ts";
import { initialLinkState, step } from "./machine.ts";
import type { LinkEffect, LinkEvent, LinkIdentity, LinkState } from "./machine-types.ts";

const A = "cp-a" as ControlPlaneId;
const B = "cp-b" as ControlPlaneId;
const at = (id: number) => id as EventId;
const identity: LinkIdentity = {
  dataPlaneId: "dp-1" as LinkIdentity["dataPlaneId"],
  name: "one",
  version: "0.1.0",
  wants: ["bucket", "account"],
};
const bucket = (name: string): BucketRecord => ({
  kind: "bucket",
  bucketId: name as BucketRecord["bucketId"],
  name,
  accountId: "000000000001" as BucketRecord["accountId"],
  region: "us-east-1" as BucketRecord["region"],
  createdAt: 0,
  objectLockEnabled: false,
  sections: {},
});
const welcome = (controlPlaneId: ControlPlaneId, head: number): ControlPlaneMessage => ({
  type: "welcome",
  protocol: 1,
  controlPlaneId,
  head: at(head),
  heartbeatMs: 1000,
  sealingKey: "key",
});
const changes = (after: number, through: number): ControlPlaneMessage => ({
  type: "changes",
  after: at(after),
  through: at(through),
  changes: [],
});

/** Drives a machine and shows what it does in short words: the story of a test. */
function drive(state: LinkState) {
  const play = (event: LinkEvent): readonly string[] => step(state, event, { float: () => 0.5 }).map(brief);
  return {
    play,
    open(): readonly string[] {
      play({ type: "start" });
      return play({ type: "opened", connection: state.connection });
    },
    message: (message: ControlPlaneMessage) => play({ type: "message", connection: state.connection, message }),
  };
}

function brief(effect: LinkEffect): string {
  switch (effect.type) {
    case "send":
      return effect.message.type === "register"
        ? `register ${JSON.stringify(effect.message.resume)}`
        : `send ${effect.message.type}`;
    case "setTimer":
      return `${effect.timer} in ${effect.delayMs}`;
    case "clearTimer":
      return `no ${effect.timer}`;
    case "apply":
      return `apply ${effect.controlPlaneId} through ${effect.through}`;
    case "replace":
      return `replace by ${effect.records.length} records at ${effect.controlPlaneId} ${effect.cursor}`;
    case "heartbeat":
      return `heartbeat at ${effect.appliedThrough}`;
    case "log":
      return `${effect.level}: ${effect.message}${effect.reason === undefined ? "" : ` (${effect.reason})`}`;
    case "settle":
    case "fail":
      return `${effect.type} ${effect.correlation}`;
    case "connect":
    case "disconnect":
      return `${effect.type} ${effect.connection}`;
    default:
      return effect.type;
  }
}

const onDisk = (cursor: number) =>
  initialLinkState(identity, { controlPlaneId: A, cursor: at(cursor), resumable: true });
const lost = (reason: string, connection = 1, retry = "retry in 300") => [
  `disconnect ${connection}`,
  "no handshake",
  "no heartbeat",
  retry,
  `warn: no change stream; trying again (${reason})`,
];

describe("a link", () => {
  test("without a catalog registers for a snapshot and replaces it at the last part", () => {
    const state = initialLinkState(identity, undefined);
    const link = drive(state);
    expect(link.play({ type: "start" })).toEqual(["connect 1", `handshake in ${HANDSHAKE_TIMEOUT_MS}`]);
    expect(link.play({ type: "opened", connection: 1 })).toEqual([
      "register null",
      `handshake in ${HANDSHAKE_TIMEOUT_MS}`,
    ]);
    expect(link.message(welcome(A, 9))).toEqual([
      "no handshake",
      "keepSealingKey",
      "info: the change stream is open",
      "heartbeat at 0",
      "heartbeat in 1000",
    ]);
    const part = (name: string, last: boolean): ControlPlaneMessage => ({
      type: "snapshot",
      cursor: at(9),
      records: [bucket(name)],
      last,
    });
    expect(link.message(part("a", false))).toEqual([]);
    expect(link.message(part("b", true))).toEqual(["replace by 2 records at cp-a 9"]);
    expect(link.message(changes(9, 12))).toEqual(["apply cp-a through 12"]);
    expect(state.applied).toBeUndefined();
    link.play({ type: "applied", controlPlaneId: A, through: at(12) });
    expect(link.play({ type: "timer", timer: "heartbeat" })).toEqual(["heartbeat at 12", "heartbeat in 1000"]);
  });

  test("with a catalog resumes, ignores what it has, and starts anew at a gap", () => {
    const state = onDisk(5);
    const link = drive(state);
    expect(link.open()[0]).toBe('register {"controlPlaneId":"cp-a","cursor":5}');
    link.message(welcome(A, 8));
    expect(link.message(changes(3, 5))).toEqual([]);
    expect(link.message(changes(5, 6))).toEqual(["apply cp-a through 6"]);
    expect(link.message(changes(5, 6))).toEqual([]);
    expect(link.message(changes(7, 8))).toEqual(lost("changes after 7 where 6 stands"));
    expect(link.message(changes(6, 7))).toEqual([]);
    expect(link.play({ type: "timer", timer: "retry" })[0]).toBe("connect 2");
    expect(link.play({ type: "opened", connection: 2 })[0]).toBe('register {"controlPlaneId":"cp-a","cursor":6}');
  });

  test("takes a batch that overlaps what it has for a gap, since a part of it cannot be applied", () => {
    const link = drive(onDisk(5));
    link.open();
    link.message(welcome(A, 8));
    expect(link.message(changes(4, 7))).toEqual(lost("changes after 4 where 5 stands"));
  });

  test("with the catalog of another control plane takes nothing but a snapshot", () => {
    const link = drive(onDisk(5));
    link.open();
    link.message(welcome(B, 100));
    expect(link.message(changes(5, 6))).toEqual(lost("changes where a snapshot is due"));
  });

  test("that is ahead of the log asks for a snapshot", () => {
    const link = drive(onDisk(50));
    link.open();
    expect(link.message(welcome(A, 49))).toEqual(lost("the control plane's log is older than the catalog"));
    link.play({ type: "timer", timer: "retry" });
    expect(link.play({ type: "opened", connection: 2 })[0]).toBe("register null");
  });

  test("whose wants have changed serves what it has and asks for a snapshot", () => {
    const state = initialLinkState(identity, { controlPlaneId: A, cursor: at(5), resumable: false });
    const link = drive(state);
    expect(link.open()[0]).toBe("register null");
    expect(state.applied?.cursor).toBe(at(5));
  });

  test("does not let a second snapshot, or one inside the stream, replace the catalog by a fragment", () => {
    const snapshot: ControlPlaneMessage = { type: "snapshot", cursor: at(5), records: [], last: true };
    const twice = drive(initialLinkState(identity, undefined));
    twice.open();
    twice.message(welcome(A, 5));
    twice.message(snapshot);
    expect(twice.message(snapshot)[0]).toBe("disconnect 1");
    const mixed = drive(initialLinkState(identity, undefined));
    mixed.open();
    mixed.message(welcome(A, 5));
    mixed.message({ type: "snapshot", cursor: at(5), records: [], last: false });
    expect(mixed.message({ type: "snapshot", cursor: at(6), records: [], last: true })[0]).toBe("disconnect 1");
    const interrupted = drive(onDisk(5));
    interrupted.open();
    interrupted.message(welcome(A, 5));
    interrupted.message({ type: "snapshot", cursor: at(5), records: [], last: false });
    expect(interrupted.message(changes(5, 6))[0]).toBe("disconnect 1");
  });

  test.each([
    ["changes", changes(5, 6)],
    ["snapshot", { type: "snapshot", cursor: at(1), records: [], last: true }],
    ["commandResult", { type: "commandResult", correlation: 1, outcome: { ok: true, eventId: at(1), result: {} } }],
  ] as const)("takes no %s before the welcome", (type, message) => {
    const link = drive(onDisk(5));
    link.open();
    expect(link.message(message)).toEqual(lost(`${type} before the welcome`));
  });

  test("waits longest after a refusal and says why once", () => {
    const link = drive(onDisk(5));
    const refused: ControlPlaneMessage = { type: "refused", code: "Unauthorized", message: "wrong token" };
    const reason = "refused: Unauthorized: wrong token";
    link.open();
    expect(link.message(refused)).toEqual(lost(reason, 1, "retry in 5100"));
    link.play({ type: "timer", timer: "retry" });
    link.play({ type: "opened", connection: 2 });
    expect(link.message(refused)).toEqual(lost(reason, 2, "retry in 5100").slice(0, -1));
  });

  test("gives up on a handshake that does not proceed", () => {
    const link = drive(onDisk(5));
    link.play({ type: "start" });
    expect(link.play({ type: "timer", timer: "handshake" })).toEqual(
      lost("the connection could not be opened in time"),
    );
    link.play({ type: "timer", timer: "retry" });
    link.play({ type: "opened", connection: 2 });
    expect(link.play({ type: "timer", timer: "handshake" })).toEqual(
      lost("no welcome came in time", 2, "retry in 500"),
    );
  });

  test("backs off further while connections come to nothing and starts over once one was useful", () => {
    const state = onDisk(5);
    const link = drive(state);
    link.play({ type: "start" });
    const delays: string[] = [];
    for (let count = 0; count < 7; count++) {
      delays.push(link.play({ type: "closed", connection: state.connection, reason: "refused" })[3]!);
      link.play({ type: "timer", timer: "retry" });
    }
    expect(delays.map((text) => Number(text.split(" ")[2]))).toEqual([300, 500, 900, 1700, 3300, 5100, 5100]);
    link.play({ type: "opened", connection: state.connection });
    link.message(welcome(A, 5));
    link.play({ type: "timer", timer: "heartbeat" });
    expect(link.play({ type: "closed", connection: state.connection, reason: "gone" })[3]).toBe("retry in 300");
  });

  test("reports what it has applied soon, many changes in one heartbeat", () => {
    const link = drive(onDisk(5));
    link.open();
    link.message(welcome(A, 9));
    link.message(changes(5, 6));
    expect(link.play({ type: "applied", controlPlaneId: A, through: at(6) })).toEqual(["heartbeat in 250"]);
    link.message(changes(6, 7));
    expect(link.play({ type: "applied", controlPlaneId: A, through: at(7) })).toEqual([]);
    expect(link.play({ type: "timer", timer: "heartbeat" })).toEqual(["heartbeat at 7", "heartbeat in 1000"]);
    link.message(changes(7, 8));
    expect(link.play({ type: "applied", controlPlaneId: A, through: at(8) })).toEqual(["heartbeat in 250"]);
  });

  test("continues from disk when a write failed", () => {
    const state = onDisk(5);
    const link = drive(state);
    link.open();
    link.message(welcome(A, 9));
    link.message(changes(5, 9));
    expect(link.play({ type: "applyFailed", reason: "disk full" })).toEqual([
      "error: the catalog could not be written (disk full)",
      ...lost("the catalog could not be written"),
    ]);
    link.play({ type: "timer", timer: "retry" });
    expect(link.play({ type: "opened", connection: 2 })[0]).toBe('register {"controlPlaneId":"cp-a","cursor":5}');
  });
});

describe("a command", () => {
  const execute = (correlation: number): LinkEvent => ({
    type: "execute",
    correlation,
    command: { type: "account.create", name: "x" },
    origin: { actor: "a", requestId: "r" },
  });
  const decided = (correlation: number, eventId: number): ControlPlaneMessage => ({
    type: "commandResult",
    correlation,
    outcome: { ok: true, eventId: at(eventId), result: {} },
  });
  function streaming() {
    const state = onDisk(5);
    const link = drive(state);
    link.open();
    link.message(welcome(A, 5));
    return link;
  }

  test("settles when the catalog shows it, whichever comes first", () => {
    const link = streaming();
    expect(link.play(execute(1))).toEqual(["setCommandTimeout", "send command"]);
    expect(link.message(decided(1, 6))).toEqual([]);
    link.message(changes(5, 6));
    expect(link.play({ type: "applied", controlPlaneId: A, through: at(6) })).toEqual(["heartbeat in 250", "settle 1"]);
    link.play(execute(2));
    link.message(changes(6, 7));
    link.play({ type: "applied", controlPlaneId: A, through: at(7) });
    expect(link.message(decided(2, 7))).toEqual(["settle 2"]);
    expect(link.message(decided(2, 7))).toEqual([]);
  });

  test("that was refused settles at once", () => {
    const link = streaming();
    link.play(execute(1));
    const outcome = { ok: false, code: "NoSuchBucket", message: "no" } as const;
    expect(link.message({ type: "commandResult", correlation: 1, outcome })).toEqual(["settle 1"]);
  });

  test("fails at once without a stream, with its stream, after its time, and when too many wait", () => {
    expect(drive(onDisk(5)).play(execute(1))).toEqual(["fail 1"]);
    const link = streaming();
    link.play(execute(1));
    expect(link.play({ type: "closed", connection: 1, reason: "gone" })[0]).toBe("fail 1");
    const slow = streaming();
    slow.play(execute(1));
    expect(slow.play({ type: "commandTimeout", correlation: 1 })).toEqual(["fail 1"]);
    expect(slow.message(decided(1, 6))).toEqual([]);
    const crowd = streaming();
    for (let count = 1; count <= COMMANDS_PENDING_MAX; count++) crowd.play(execute(count));
    expect(crowd.play(execute(5000))).toEqual(["fail 5000"]);
  });

  test("that was decided outlives its stream: the next one shows it", () => {
    const link = streaming();
    link.play(execute(1));
    link.message(decided(1, 6));
    expect(link.play({ type: "closed", connection: 1, reason: "gone" })).toEqual(lost("gone"));
    link.play({ type: "timer", timer: "retry" });
    link.play({ type: "opened", connection: 2 });
    link.message(welcome(A, 6));
    link.message(changes(5, 6));
    expect(link.play({ type: "applied", controlPlaneId: A, through: at(6) })).toEqual(["heartbeat in 250", "settle 1"]);
  });

  test("decided by one control plane is not settled by the same number of another", () => {
    const link = streaming();
    link.play(execute(1));
    link.message(decided(1, 6));
    link.play({ type: "closed", connection: 1, reason: "gone" });
    expect(link.play({ type: "applied", controlPlaneId: B, through: at(1000) })).toEqual([]);
  });

  test("fails when the data plane stops", () => {
    const link = streaming();
    link.play(execute(1));
    expect(link.play({ type: "stop" })).toEqual(["fail 1", "disconnect 1", "no handshake", "no heartbeat", "no retry"]);
    expect(link.play(execute(2))).toEqual(["fail 2"]);
    expect(link.play({ type: "timer", timer: "retry" })).toEqual([]);
  });
});

test("the backoff stays within 0.2 and 10 seconds", () => {
  for (const failures of [0, 1, 5, 10, 1000]) {
    expect(backoffMs(failures, 0)).toBe(200);
    expect(backoffMs(failures, 0.999999)).toBeLessThanOrEqual(10_000);
  }
  expect(backoffMs(1000, 0.999999)).toBeGreaterThan(9_990);
});
