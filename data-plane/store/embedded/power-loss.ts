/**
 * An embedded store on a machine that loses power again and again, for tests: each life finds what was acknowledged, of every transaction all or
 * nothing, and nothing that was not asked for.
 */
import { type Disk, type DiskFile, type Runtime, randomBelow, sleep } from "#foundation/runtime";
import type { CrashKind, SimulationOptions } from "#foundation/runtime/simulation";
import type { StoreBackend, Version } from "../backend/index.ts";
import type { Mutation } from "../transactions/index.ts";
import type { openEmbedded } from "./index.ts";

const CLIENTS = 3;
/** Opening takes about 40 operations: when the power goes more often, nothing is ever done. */
const LIVES_MAX = 100;
const PATH = "/data/store";
const EVERYTHING = { limit: 1_000, bytesMax: 1_000_000, reverse: false };
/** What each transaction writes, all with the number of the transaction. */
const PARTS = ["a", "b", "c"] as const;

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array) => new TextDecoder().decode(value);

export interface PowerLoss {
  /** The power goes before so many operations that change the disk, counted over all lives … */
  readonly at: number;
  /** … and again each time that so many more have been begun. */
  readonly every: number;
  /** With it, the first of each two is a `kill -9`, and the other one comes so many operations later. */
  readonly soon?: number;
  /** How many transactions each client makes, over all lives. */
  readonly commits: number;
}

/** @param end called with how many operations there were */
export function powerLossSimulation(
  open: typeof openEmbedded,
  seed: number,
  { at, every, soon, commits }: PowerLoss,
  end: (operations: number) => void = () => {},
): SimulationOptions {
  /** By client: the number of its last transaction that was acknowledged, and of the one that it has begun. */
  const acknowledged = new Array<number>(CLIENTS).fill(0);
  const begun = new Array<number>(CLIENTS).fill(0);
  let highest: Version = 0n;
  let operations = 0;
  let cutAt = at;
  let cuts = 0;
  let cut: (kind: CrashKind) => void = () => {};
  let finished = false;

  const examine = async (store: StoreBackend): Promise<void> => {
    const version = await store.getReadVersion();
    if (version <= highest) throw new Error(`version ${version} is not after ${highest}, which was acknowledged`);
    const { pairs } = await store.getRange(bytes(""), bytes("~"), version, EVERYTHING);
    const found = new Map(pairs.map(({ key, value }) => [text(key), Number(text(value))]));
    for (let client = 0; client < CLIENTS; client++) {
      const values = PARTS.map((part) => found.get(`${part}${client}`) ?? 0);
      const allowed = [acknowledged[client]!, begun[client]!];
      if (new Set(values).size !== 1 || !allowed.includes(values[0]!)) {
        throw new Error(`client ${client} finds ${values}, where it should be all one of ${allowed}`);
      }
      // What was begun and is not there never will be.
      acknowledged[client] = values[0]!;
    }
    if (found.size > CLIENTS * PARTS.length) throw new Error(`there are keys that nobody wrote: ${[...found.keys()]}`);
  };

  const work = async (store: StoreBackend, client: number, { timers, random }: Runtime): Promise<void> => {
    while (begun[client]! < commits) {
      const number = ++begun[client]!;
      const value = bytes(String(number));
      const mutations: Mutation[] = [
        { type: "clear_range", begin: bytes(`a${client}`), end: bytes(`a${client}~`) },
        ...PARTS.map((part): Mutation => ({ type: "set", key: bytes(`${part}${client}`), value })),
      ];
      const nothing = { readVersion: undefined, reads: [], writes: [], idempotencyId: new Uint8Array(0) };
      const { version } = await store.commit({ ...nothing, mutations });
      acknowledged[client] = number;
      if (version > highest) highest = version;
      // Long enough, now and then, for the storage server to write to its disk.
      await sleep(timers, randomBelow(random, 4) === 0 ? 1_500 : 1);
    }
  };

  const program = async (runtime: Runtime): Promise<void> => {
    const disk = countedDisk(runtime.disk, () => {
      if (++operations !== cutAt) return true;
      cuts++;
      // Each time between two losses of power only the process dies: what it had written is there, synced or not, until the power goes too.
      const onlyProcess = soon !== undefined && cuts % 2 === 1;
      cutAt += onlyProcess ? soon : every;
      cut(onlyProcess ? "process" : "power");
      return false;
    });
    const takeLock = () => ({ release() {} });
    const store = await open({ ...runtime, disk }, { path: PATH, takeLock });
    await examine(store);
    await Promise.all(Array.from({ length: CLIENTS }, (_, client) => work(store, client, runtime)));
    await store.close();
    finished = true;
  };
  return {
    seed,
    machines: { m: program },
    scenario: async (world) => {
      const machine = world.machine("m");
      cut = (kind) => machine.kill(kind);
      for (let lives = 1; !finished; lives++) {
        if (lives > LIVES_MAX) throw new Error(`after ${LIVES_MAX} lives it has still not come to its end`);
        await world.until("the power is cut, or the work done", () => finished || !machine.alive);
        machine.start();
      }
      end(operations);
    },
  };
}

const CHANGES_DISK: ReadonlySet<string | symbol> = new Set(["rename", "unlink", "makeDirectory", "syncDirectory"]);
const CHANGES_FILE: ReadonlySet<string | symbol> = new Set(["write", "append", "truncate", "sync"]);

/** A disk that asks before each operation that changes something; one that may not go on never ends. */
function countedDisk(disk: Disk, before: () => boolean): Disk {
  const counted = <T extends object>(target: T, changes: ReadonlySet<string | symbol>): T =>
    new Proxy(target, {
      get: (of, name) => {
        const member = Reflect.get(of, name);
        if (typeof member !== "function") return member;
        return (...given: unknown[]) => {
          return changes.has(name) && !before() ? new Promise(() => {}) : member.apply(of, given);
        };
      },
    });
  const whole = counted(disk, CHANGES_DISK);
  return new Proxy(whole, {
    get: (of, name) =>
      name === "open"
        ? async (...given: Parameters<Disk["open"]>): Promise<DiskFile> => {
            if (given[1] !== "read" && !before()) return new Promise(() => {});
            return counted(await disk.open(...given), CHANGES_FILE);
          }
        : Reflect.get(of, name),
  });
}
