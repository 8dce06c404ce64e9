/**
 * The steps of a log's life: each says beforehand what may come of it when power is cut in the middle, does it, and compares what comes back.
 */
import { type Ref, RpcError } from "#foundation/rpc";
import type { Version } from "#foundation/store-protocol";
import type { LogServer } from "../index.ts";
import { observe } from "./life.ts";
import { committedOf, commonOf, entryText, lastOf, matched, type NaiveEntry, type NaiveLog } from "./naive-log.ts";
import { dataOf, type LogHandlers, type PullRequest, pullOf, refusal } from "./play.ts";

export interface Draw {
  /** A whole number in [0, bound). */
  below(bound: number): number;
  chance(probability: number): boolean;
  /** A while in which other things happen. */
  pause(): Promise<void>;
}

/**
 * Says what may come of a step, beside that nothing does, and what it is called. What is returned says, while the step goes on, that a version has been
 * acknowledged or given out: nothing may come of it any more that does not have it.
 */
export type Attempt = (outcomes: readonly NaiveLog[], name: string) => (version: Version) => void;

type Step = (log: LogServer, model: NaiveLog, draw: Draw, attempt: Attempt) => Promise<NaiveLog>;

const WHILE_LOCKED: readonly (readonly [number, Step])[] = [
  [30, lock],
  [35, activate],
  [20, recover],
  [10, configure],
  [5, refuse],
];
const WHILE_RUNNING: readonly (readonly [number, Step])[] = [
  [45, pushSome],
  [15, pullSome],
  [15, pop],
  [5, lockAmidPushes],
  [3, lock],
  [10, configure],
  [7, refuse],
];

/** Takes a step drawn by chance, and returns what the log is afterwards. */
export function takeStep(log: LogServer, model: NaiveLog, draw: Draw, attempt: Attempt): Promise<NaiveLog> {
  const steps = model.mode === "running" ? WHILE_RUNNING : WHILE_LOCKED;
  const tickets = steps.flatMap(([weight, step]) => Array.from({ length: weight }, () => step));
  return tickets[draw.below(tickets.length)]!(log, model, draw, attempt);
}

async function lock(log: LogServer, model: NaiveLog, draw: Draw, attempt: Attempt): Promise<NaiveLog> {
  const director = `d${draw.below(3)}`;
  if (draw.chance(0.3)) {
    attempt([], "lock refused");
    const epoch = model.epoch - (draw.chance(0.5) && model.epoch > 0n ? 1n : 0n);
    expectCode(await refusal(log.handlers.lock({ epoch, director: "nobody" })), "newer_epoch");
    return model;
  }
  const repeats = model.epoch > 0n && draw.chance(0.2);
  const next: NaiveLog = { ...model, mode: "locked", ...(repeats ? {} : { epoch: model.epoch + 1n, director }) };
  attempt([next], "lock");
  return lockAs(log, next);
}

/** Locks as `next` says, and compares all there is. */
async function lockAs(log: LogServer, next: NaiveLog): Promise<NaiveLog> {
  const { epoch, director } = next;
  const info = await log.handlers.lock({ epoch, director });
  if (next.unfinished) {
    if (info.lastVersion !== 0n) throw new Error("a log that is half recovered says that it has something");
    return next;
  }
  const found = matched(next, { info, ...(await observe(log, epoch)) });
  if (found === undefined)
    throw new Error(`the log has ${JSON.stringify(info, numberText)}, and should be ${lastOf(next)}`);
  return found;
}

async function activate(log: LogServer, model: NaiveLog, draw: Draw, attempt: Attempt): Promise<NaiveLog> {
  attempt([], "activate");
  const { epoch, unfinished } = model;
  const previous = draw.chance(0.1) ? lastOf(model) + 1n : lastOf(model);
  const code = await refusal(log.handlers.activate({ epoch, previous }));
  if (unfinished) expectCode(code, "not_running");
  else expectCode(code, previous === lastOf(model) ? undefined : "out_of_order");
  if (code !== undefined) return model;
  return { ...model, mode: "running", base: previous, committedBefore: committedOf(model) };
}

/** Some pushes behind the last one, in any order, some twice, with some that are wrong between; and somebody who pulls meanwhile. */
async function pushSome(log: LogServer, model: NaiveLog, draw: Draw, attempt: Attempt): Promise<NaiveLog> {
  const fresh = nextEntries(model, draw);
  const results = prefixes(model, fresh);
  const confirm = attempt(results, "push");
  const after = lastOf(model);
  const pulled = draw.chance(0.5)
    ? follow(log, model, after, fresh.at(-1)!.version, confirm)
    : Promise.resolve(fresh.map(entryText));
  // Whichever fails first is told: the others must not be taken for failures that nobody has seen.
  pulled.catch(() => undefined);
  const done: Promise<void>[] = [peek(log, model, after, draw, confirm)];
  for (const entry of shuffled([...fresh, ...fresh.filter(() => draw.chance(0.2))], draw)) {
    done.push(pushEntry(log, entry, model.epoch).then(() => confirm(entry.version)));
  }
  // All of them were asked for at the same time, and before what is wrong.
  const all = Promise.all(done);
  all.catch(() => undefined);
  const [first] = fresh;
  const old = model.entries[draw.below(model.entries.length + 1)];
  const wrong: [NaiveEntry, bigint, string | undefined][] = [
    [first!, model.epoch + (draw.chance(0.5) ? 1n : -1n), "wrong_epoch"],
    [{ ...first!, version: first!.version + 1000n, previous: after - 1n }, model.epoch, "out_of_order"],
  ];
  if (old !== undefined)
    wrong.push([{ ...old, knownCommitted: 0n }, model.epoch, old.version > model.base ? undefined : "out_of_order"]);
  const { oldestVersion } = await log.handlers.info({ revision: 0n });
  for (const [entry, epoch, expected] of wrong) {
    if (epoch < 0n || entry.previous < 0n || entry.version <= oldestVersion) continue;
    expectCode(await refusal(pushEntry(log, entry, epoch)), expected);
  }
  await all;
  const seen = (await pulled).join(" ");
  if (seen !== fresh.map(entryText).join(" "))
    throw new Error(`pulled ${seen}, pushed ${fresh.map(entryText).join(" ")}`);
  return results.at(-1)!;
}

/** A lock while pushes are on their way: some of them count, and those are acknowledged. */
async function lockAmidPushes(log: LogServer, model: NaiveLog, draw: Draw, attempt: Attempt): Promise<NaiveLog> {
  const fresh = nextEntries(model, draw);
  const locked: NaiveLog = { ...model, mode: "locked", epoch: model.epoch + 1n, director: `d${draw.below(3)}` };
  const confirm = attempt([...prefixes(model, fresh), locked, ...prefixes(locked, fresh)], "lock amid pushes");
  const results: Promise<unknown>[] = [];
  for (const entry of fresh) {
    results.push(refusal(pushEntry(log, entry, model.epoch).then(() => confirm(entry.version))));
    for (let turns = draw.below(5); turns > 0; turns--) await undefined;
  }
  const { epoch, director } = locked;
  const { lastVersion } = await log.handlers.lock({ epoch, director });
  const codes = await Promise.all(results);
  for (const [place, entry] of fresh.entries()) {
    expectCode(codes[place], entry.version <= lastVersion ? undefined : "wrong_epoch");
  }
  return lockAs(log, {
    ...locked,
    entries: [...model.entries, ...fresh.filter(({ version }) => version <= lastVersion)],
  });
}

async function pullSome(log: LogServer, model: NaiveLog, draw: Draw, attempt: Attempt): Promise<NaiveLog> {
  attempt([], "pull");
  const { oldestVersion } = await log.handlers.info({ revision: 0n });
  const last = lastOf(model);
  const after = BigInt(draw.below(Number(last - model.after) + 2)) + model.after;
  const upTo = draw.chance(0.3) ? after + BigInt(draw.below(50)) : undefined;
  const limits = { entriesMax: 1 + draw.below(8), bytesMax: draw.below(600) };
  const reply = log.handlers.pull(pullOf({ after, upTo, ...limits, epoch: model.epoch }));
  if (after < oldestVersion) {
    expectCode(await refusal(reply), "version_too_old");
    return model;
  }
  const page = await reply;
  const end = upTo !== undefined && upTo < last ? upTo : last;
  const expected = model.entries.filter(({ version }) => version > after && version <= end).map(entryText);
  const got = page.entries.map(({ previous, version, data }) => entryText({ previous, version, size: data.length }));
  const size = page.entries.reduce((sum, { data }) => sum + data.length, 0);
  const committed = model.finalizedEpoch === model.epoch ? committedOf(model) : model.committedBefore;
  const isRight =
    got.join() === expected.slice(0, got.length).join() &&
    got.length > 0 === expected.length > 0 &&
    got.length <= limits.entriesMax &&
    (got.length <= 1 || size <= limits.bytesMax) &&
    page.upTo === (page.entries.at(-1)?.version ?? end) &&
    page.knownCommitted === committed &&
    page.finalizedEpoch === model.finalizedEpoch;
  if (!isRight)
    throw new Error(`after ${after} up to ${upTo} there was ${JSON.stringify({ got, ...page }, numberText)}`);
  return model;
}

async function pop(log: LogServer, model: NaiveLog, draw: Draw, attempt: Attempt): Promise<NaiveLog> {
  const storage = draw.chance(0.6) ? "s0" : `s${draw.below(3)}`;
  const committed = committedOf(model);
  const durable = draw.chance(0.5) ? committed : BigInt(draw.below(Number(committed) + 1));
  const popped = new Map(model.popped);
  if (model.poppers.includes(storage) && durable > (popped.get(storage) ?? 0n)) popped.set(storage, durable);
  const common = commonOf({ ...model, popped });
  const next = { ...model, popped, trimmable: common > model.trimmable ? common : model.trimmable };
  attempt([next], "pop");
  await log.handlers.pop({ epoch: model.epoch, storage, durable });
  const { oldestVersion } = await log.handlers.info({ revision: 0n });
  if (oldestVersion > next.trimmable && oldestVersion > next.after)
    throw new Error(`${oldestVersion} is trimmed too early`);
  return next;
}

async function configure(log: LogServer, model: NaiveLog, draw: Draw, attempt: Attempt): Promise<NaiveLog> {
  const { epoch } = model;
  if (draw.chance(0.4)) {
    const next = { ...model, finalizedEpoch: epoch };
    attempt([next], "finalize");
    await log.handlers.finalize({ epoch });
    return next;
  }
  const poppers = draw.chance(0.5) ? ["s0"] : ["s0", "s1", "s2"].filter(() => draw.chance(0.7));
  const popped = new Map([...model.popped].filter(([storage]) => poppers.includes(storage)));
  const next = { ...model, poppers, popped };
  attempt([next], "set poppers");
  await log.handlers.setPoppers({ epoch, storages: poppers });
  return next;
}

/** What is not allowed now changes nothing. */
async function refuse(log: LogServer, model: NaiveLog, draw: Draw, attempt: Attempt): Promise<NaiveLog> {
  attempt([], "refused");
  const { epoch, mode } = model;
  const [entry] = nextEntries(model, draw);
  const isRunning = mode === "running";
  const early = [
    log.handlers.push({ ...entry!, epoch: epoch + 1n, data: dataOf(entry!.version) }),
    log.handlers.confirmRunning({ epoch: epoch + 1n }),
    log.handlers.pull(pullOf({ epoch: epoch + 1n })),
    log.handlers.activate({ epoch: epoch + 1n, previous: lastOf(model) }),
    log.handlers.pop({ epoch: epoch + 1n, storage: "s0", durable: 0n }),
    log.handlers.finalize({ epoch: epoch + 1n }),
    log.handlers.setPoppers({ epoch: epoch + 1n, storages: [] }),
    log.handlers.recoverFrom({ epoch: epoch + 1n, sources: [], from: 0n, to: 0n }),
  ];
  for (const code of await Promise.all(early.map(refusal))) expectCode(code, "wrong_epoch");
  expectCode(await refusal(log.handlers.confirmRunning({ epoch })), isRunning ? undefined : "not_running");
  if (isRunning) {
    const recovering = log.handlers.recoverFrom({ epoch, sources: [], from: 0n, to: 0n });
    expectCode(await refusal(recovering), "not_running");
    expectCode(await refusal(log.handlers.pull(pullOf({ epoch, recovery: true }))), "not_running");
  } else {
    expectCode(await refusal(pushEntry(log, entry!, epoch)), "not_running");
    expectCode(await refusal(log.handlers.pull(pullOf({ epoch }))), "not_running");
  }
  return model;
}

/** What every source has: the versions 7, 14 … 700. */
const SOURCE: readonly NaiveEntry[] = Array.from({ length: 100 }, (_, place) => {
  return { previous: BigInt(place * 7), version: BigInt(place * 7 + 7), knownCommitted: 0n, size: (place * 13) % 60 };
});
const SOURCE_LAST = 700n;
const SOURCE_COMMITTED = 650n;

/** Sources by their id: `good`, `flaky`, `short` (which gives less than it says) and `holed`. */
export function sourceFor(draw: Draw): (ref: Ref) => { pull: LogHandlers["pull"] } {
  return ({ id }) => ({
    pull: async ({ after, upTo }: PullRequest) => {
      const end = upTo ?? SOURCE_LAST;
      let found = SOURCE.filter(({ version }) => version > after && version <= end).slice(0, 1 + draw.below(20));
      if (id === "flaky" && draw.chance(0.4)) throw new RpcError("unreachable", "the source is gone");
      if (id === "short" && draw.chance(0.4)) found = [];
      if (id === "holed" && draw.chance(0.4)) found = found.slice(1);
      const entries = found.map(({ previous, version, size }) => ({ previous, version, data: dataOf(version, size) }));
      const isEnd = found.length === 0 && id !== "short" && id !== "holed";
      return {
        entries,
        upTo: found.at(-1)?.version ?? (isEnd ? end : after),
        knownCommitted: SOURCE_COMMITTED,
        finalizedEpoch: 0n,
      };
    },
  });
}

async function recover(log: LogServer, model: NaiveLog, draw: Draw, attempt: Attempt): Promise<NaiveLog> {
  const { epoch } = model;
  const from = BigInt(draw.below(600));
  const between = from + BigInt(draw.below(100));
  const to = draw.chance(0.2) || between < from + 7n ? between : between - (between % 7n);
  const knownCommitted = to < SOURCE_COMMITTED ? to : SOURCE_COMMITTED;
  const copied = SOURCE.filter(({ version }) => version > from && version <= to);
  const entries = copied.map((entry) => ({ ...entry, knownCommitted }));
  const last = entries.at(-1)?.version ?? from;
  // Nothing says more to be committed than a source did, or what is not copied.
  if (last < to)
    entries.push({ previous: last, version: to, knownCommitted: copied.length > 0 ? knownCommitted : from, size: 0 });
  const half: NaiveLog = { ...model, unfinished: true };
  const whole: NaiveLog = { ...model, unfinished: false, after: from, trimmable: from, entries };
  attempt([half, whole], "recover");
  const names = ["flaky", "short", "holed"].filter(() => draw.chance(0.4));
  const isHopeless = to > from && draw.chance(0.1);
  const ids = isHopeless ? ["short"] : [...names, "good"];
  const sources = ids.map((id) => ({ address: "elsewhere:1", id }));
  const result = await refusal(log.handlers.recoverFrom({ epoch, sources, from, to }));
  if (isHopeless && result === "version_too_new") return half;
  if ((result as { entries?: number }).entries !== copied.length) throw new Error(`copied ${String(result)}`);
  return whole;
}

function nextEntries(model: NaiveLog, draw: Draw): readonly NaiveEntry[] {
  let previous = lastOf(model);
  return Array.from({ length: 1 + draw.below(6) }, () => {
    const version = previous + 1n + BigInt(draw.below(20));
    const knownCommitted = previous - BigInt(draw.below(3)) * (previous > 2n ? 1n : 0n);
    const entry = { previous, version, knownCommitted, size: draw.below(draw.chance(0.3) ? 500 : 80) };
    previous = version;
    return entry;
  });
}

/** The log with the first, the first two … of some entries. */
function prefixes(model: NaiveLog, fresh: readonly NaiveEntry[]): readonly NaiveLog[] {
  return fresh.map((_, place) => ({ ...model, entries: [...model.entries, ...fresh.slice(0, place + 1)] }));
}

function pushEntry(log: LogServer, entry: NaiveEntry, epoch: bigint): Promise<void> {
  const { previous, version, knownCommitted, size } = entry;
  return log.handlers.push({ epoch, previous, version, knownCommitted, data: dataOf(version, size) });
}

/** Looks a few times at what there is. */
async function peek(
  log: LogServer,
  model: NaiveLog,
  after: Version,
  draw: Draw,
  confirm: (version: Version) => void,
): Promise<void> {
  for (let times = draw.below(4); times > 0; times--) {
    await draw.pause();
    const { upTo } = await log.handlers.pull(pullOf({ after, epoch: model.epoch }));
    confirm(upTo);
  }
}

/** Pulls until a version is there. */
async function follow(
  log: LogServer,
  model: NaiveLog,
  from: Version,
  to: Version,
  confirm: (version: Version) => void,
): Promise<readonly string[]> {
  const seen: string[] = [];
  for (let after = from; after < to; ) {
    const { entries, upTo } = await log.handlers.pull(pullOf({ after, waitMs: 20_000, epoch: model.epoch }));
    if (entries.length === 0) throw new Error(`nothing came after ${after} in all that time`);
    confirm(upTo);
    seen.push(...entries.map(({ previous, version, data }) => entryText({ previous, version, size: data.length })));
    after = upTo;
  }
  return seen;
}

function shuffled<T>(items: readonly T[], draw: Draw): readonly T[] {
  const left = [...items];
  return items.map(() => left.splice(draw.below(left.length), 1)[0]!);
}

function expectCode(code: unknown, expected: string | undefined): void {
  if (code !== expected) throw new Error(`expected ${expected ?? "success"}, not ${JSON.stringify(code, numberText)}`);
}

function numberText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
