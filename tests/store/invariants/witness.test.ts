/** Each invariant can be broken, and its witness says which it was. */
import { beforeEach, describe, expect, test } from "bun:test";
import {
  COMMIT_PROXY,
  COORDINATOR,
  HOST,
  type Layout,
  LOG,
  RESOLVER,
  SEQUENCER,
  STORAGE,
} from "#foundation/store-protocol";
import { Witness } from "./witness.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const ref = (id: string) => ({ address: "n1:7000", id });

function layoutOf(epoch: bigint, recoveryVersion: bigint, more: Partial<Layout> = {}): Layout {
  return {
    epoch,
    director: `d${epoch}`,
    recoveryVersion,
    firstVersion: recoveryVersion + 1_000n,
    sequencer: ref(`sequencer-${epoch}`),
    proxies: [ref(`proxy-${epoch}`)],
    resolvers: [{ begin: new Uint8Array(), resolver: ref(`resolver-${epoch}`) }],
    logs: [ref(`log-${epoch}-a`), ref(`log-${epoch}-b`)],
    teams: [
      {
        tag: "t",
        begin: new Uint8Array(),
        end: Uint8Array.of(0xff, 0xff),
        members: [{ storage: ref("storage-1"), status: "up" }],
      },
    ],
    ...more,
  };
}

let broken: string[];
let witness: Witness;

beforeEach(() => {
  broken = [];
  witness = new Witness((invariant) => broken.push(invariant));
});

/** A call that is answered at once. */
function call(service: object, method: string, id: string, request: unknown, reply: unknown = {}): void {
  witness.watchOf(service)?.[method]?.(request, { machine: "n1", id })?.(reply);
}

/** An epoch that is recovered, and agreed to unless it is said otherwise. */
function begin(layout: Layout, agreed = true): void {
  const { epoch, director, recoveryVersion: previous } = layout;
  witness.onDirector(epoch, director);
  for (const { id } of layout.logs) call(LOG, "activate", id, { epoch, previous });
  call(COMMIT_PROXY, "unlock", layout.proxies[0]!.id, { epoch, token: bytes("t"), layout });
  if (agreed) witness.onAgreed(layout);
}

function push(epoch: bigint, log: string, previous: bigint, version: bigint, data = "x"): void {
  call(LOG, "push", `log-${epoch}-${log}`, { epoch, previous, version, knownCommitted: previous, data: bytes(data) });
}

function lockLog(id: string, epoch: bigint, lastVersion: bigint): void {
  const reply = { epoch, mode: "locked", lastVersion, oldestVersion: 0n, knownCommitted: 0n };
  call(LOG, "lock", id, { epoch, director: `d${epoch}` }, reply);
}

const readVersion = (epoch: bigint, version: bigint): void =>
  call(COMMIT_PROXY, "readVersion", `proxy-${epoch}`, { epoch }, { version });
const report = (epoch: bigint, version: bigint): void =>
  call(SEQUENCER, "reportCommitted", `sequencer-${epoch}`, { epoch, version });
const acknowledge = (epoch: bigint, version: bigint): void =>
  call(COMMIT_PROXY, "commit", `proxy-${epoch}`, { epoch, transaction: bytes("") }, { version, index: 0 });

/** What a commit goes through. */
function commit(epoch: bigint, previous: bigint, version: bigint): void {
  push(epoch, "a", previous, version);
  push(epoch, "b", previous, version);
  report(epoch, version);
  acknowledge(epoch, version);
}

test("two epochs that keep to the rules break nothing", () => {
  begin(layoutOf(1n, 0n));
  commit(1n, 0n, 1_000n);
  readVersion(1n, 1_000n);
  for (const log of ["log-1-a", "log-1-b"]) lockLog(log, 2n, 1_000n);
  begin(layoutOf(2n, 1_000n));
  readVersion(2n, 1_000n);
  commit(2n, 1_000n, 2_000n);
  readVersion(2n, 2_000n);
  call(STORAGE, "get", "storage-1", { epoch: 2n, key: bytes("k"), version: 2_000n }, { value: undefined });
  call(LOG, "pop", "log-2-a", { epoch: 2n, storage: "storage-1", durable: 2_000n });
  call(HOST, "removeWorker", "host", { epoch: 2n, director: "d2", id: "log-1-a" });
  expect(broken).toEqual([]);
});

describe("is broken:", () => {
  const cases: readonly (readonly [invariant: string, how: string, run: () => void])[] = [
    ["one-director", "an epoch has two directors", () => witness.onDirector(1n, "another")],
    [
      "one-recovery",
      "an epoch goes on from two versions",
      () => call(LOG, "activate", "log-1-a", { epoch: 1n, previous: 5n }),
    ],
    ["one-layout", "an epoch has two layouts", () => witness.onAgreed(layoutOf(1n, 0n, { proxies: [] }))],
    [
      "layout-after-recovery",
      "what is agreed to was given to nobody",
      () => {
        witness.onDirector(2n, "d2");
        witness.onAgreed(layoutOf(2n, 0n));
      },
    ],
    [
      "layout-after-agreement",
      "a client reads in an epoch that is not agreed to",
      () => {
        begin(layoutOf(2n, 0n), false);
        readVersion(2n, 0n);
      },
    ],
    [
      "final-after-agreement",
      "a log is told too early that its epoch is final",
      () => {
        begin(layoutOf(2n, 0n), false);
        call(LOG, "finalize", "log-2-a", { epoch: 2n });
      },
    ],
    [
      "linearizable-view",
      "a view is older than what was told",
      () => call(COORDINATOR, "readView", "coordinator", { from: "x" }, { epoch: 0n, layout: undefined }),
    ],
    [
      "epochs-rise",
      "a log obeys an older epoch",
      () => {
        lockLog("log-0-a", 5n, 0n);
        lockLog("log-0-a", 4n, 0n);
      },
    ],
    [
      "epochs-rise",
      "a host obeys an older epoch",
      () => {
        call(HOST, "renew", "host", { epoch: 5n });
        call(HOST, "renew", "host", { epoch: 4n });
      },
    ],
    [
      "locked",
      "a locked log takes a push",
      () => {
        lockLog("log-1-a", 2n, 0n);
        push(1n, "a", 0n, 1_000n);
      },
    ],
    [
      "locked",
      "a locked log says that it runs",
      () => {
        lockLog("log-1-a", 2n, 0n);
        call(LOG, "confirmRunning", "log-1-a", { epoch: 1n });
      },
    ],
    [
      "one-chain",
      "two versions follow one",
      () => {
        push(1n, "a", 0n, 1_000n);
        call(RESOLVER, "resolve", "resolver-1", { epoch: 1n, previous: 0n, version: 1_001n, transactions: [] });
      },
    ],
    [
      "one-content",
      "a version has two contents",
      () => {
        push(1n, "a", 0n, 1_000n, "x");
        push(1n, "b", 0n, 1_000n, "y");
      },
    ],
    [
      "versions-rise",
      "an epoch begins below the one before",
      () => {
        push(1n, "a", 0n, 1_000n);
        begin(layoutOf(2n, 0n));
        push(2n, "a", 0n, 999n);
      },
    ],
    [
      "log-content",
      "a log gives what nobody pushed",
      () =>
        call(
          LOG,
          "pull",
          "log-1-a",
          { epoch: 1n, after: 0n },
          {
            entries: [{ version: 7n, previous: 0n, data: bytes("?") }],
            finalizedEpoch: 1n,
          },
        ),
    ],
    [
      "durable",
      "a log has lost what it acknowledged",
      () => {
        push(1n, "a", 0n, 1_000n);
        lockLog("log-1-a", 2n, 0n);
      },
    ],
    [
      "acknowledged-by-all",
      "the sequencer is told too early",
      () => {
        push(1n, "a", 0n, 1_000n);
        report(1n, 1_000n);
      },
    ],
    [
      "acknowledged-by-all",
      "the client is told too early",
      () => {
        push(1n, "a", 0n, 1_000n);
        push(1n, "b", 0n, 1_000n);
        acknowledge(1n, 1_000n);
      },
    ],
    [
      "nothing-lost",
      "a later epoch goes on from before what was committed",
      () => {
        commit(1n, 0n, 1_000n);
        begin(layoutOf(2n, 500n));
      },
    ],
    [
      "old-epoch-silent",
      "an old epoch acknowledges after a later one has begun",
      () => {
        push(1n, "a", 0n, 1_000n);
        push(1n, "b", 0n, 1_000n);
        report(1n, 1_000n);
        begin(layoutOf(2n, 0n));
        acknowledge(1n, 1_000n);
      },
    ],
    [
      "read-version-fresh",
      "a read version is stale",
      () => {
        commit(1n, 0n, 1_000n);
        readVersion(1n, 0n);
      },
    ],
    ["read-version-committed", "a read version is not committed", () => readVersion(1n, 1_000n)],
    [
      "rolled-back",
      "what is between two epochs is read",
      () => call(STORAGE, "get", "storage-1", { epoch: 1n, key: bytes("k"), version: 500n }, { value: undefined }),
    ],
    [
      "rolled-back",
      "a storage server has kept what was not committed",
      () => {
        push(1n, "a", 0n, 1_000n);
        begin(layoutOf(2n, 0n, { firstVersion: 5_000n }));
        call(
          STORAGE,
          "info",
          "storage-1",
          { from: "x" },
          {
            ...{ epoch: 2n, mode: "running", durableVersion: 0n, appliedVersion: 1_000n },
          },
        );
      },
    ],
    [
      "durable-after-commit",
      "a storage server has on its disk what is not committed",
      () => {
        push(1n, "a", 0n, 1_000n);
        call(LOG, "pop", "log-1-a", { epoch: 1n, storage: "storage-1", durable: 1_000n });
      },
    ],
    [
      "kept-while-needed",
      "a log of the layout is removed",
      () => call(HOST, "removeWorker", "host", { epoch: 1n, director: "d1", id: "log-1-a" }),
    ],
    [
      "kept-while-needed",
      "a log that is recovered from is filled with something else",
      () => call(LOG, "recoverFrom", "log-1-a", { epoch: 2n, sources: [], from: 0n, to: 0n }),
    ],
    [
      "kept-while-needed",
      "an old log is removed before storage has caught up",
      () => {
        commit(1n, 0n, 1_000n);
        begin(layoutOf(2n, 1_000n));
        call(HOST, "removeWorker", "host", { epoch: 2n, director: "d2", id: "log-1-a" });
      },
    ],
  ];
  test.each(cases)("%s: %s", (invariant, _how, run) => {
    begin(layoutOf(1n, 0n));
    run();
    expect(broken).toContain(invariant);
  });
});

test("what runs without belonging to the layout is named", () => {
  witness.onStart("n1");
  begin(layoutOf(1n, 0n));
  witness.onServe(SEQUENCER, { machine: "n1", id: "sequencer-1" });
  witness.onServe(COMMIT_PROXY, { machine: "n1", id: "proxy-0" });
  witness.onServe(LOG, { machine: "n1", id: "log-0-a" });
  witness.onServe(STORAGE, { machine: "n1", id: "storage-1" });
  witness.onServe(STORAGE, { machine: "n1", id: "storage-given-up" });
  expect(witness.leftovers()).toEqual(["proxy-0 on n1", "log-0-a on n1", "storage-given-up on n1"]);
  witness.onEnd({ machine: "n1", id: "proxy-0" });
  expect(witness.leftovers()).toHaveLength(2);
  witness.onStart("n1");
  expect(witness.leftovers()).toEqual([]);
});
