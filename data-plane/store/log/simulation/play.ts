/**
 * A log on one simulated machine, for tests that play it by hand.
 */
import { type Client, type Handlers, RpcError } from "#foundation/rpc";
import type { Runtime } from "#foundation/runtime";
import { type Machine, simulate, type World } from "#foundation/runtime/simulation";
import type { LOG, LogEntry, Version } from "#foundation/store-protocol";
import { type LogOptions, type LogServer, openLog } from "../index.ts";

export type LogHandlers = Handlers<typeof LOG>;
type Options = Partial<LogOptions>;

export const DIRECTORY = "/log";

/** What a test plays with. */
export interface Stage {
  readonly world: World;
  readonly machine: Machine;
  readonly runtime: Runtime;
  /** Opens a log, in `/log` unless the options say otherwise. */
  open(options?: Options): Promise<LogServer>;
  /** The same, locked by the director `d` of epoch 1, and active after version 0. */
  openRunning(options?: Options): Promise<LogServer>;
}

/** Plays a scene that must end well. */
export function play(scene: (stage: Stage) => Promise<void>): void {
  const { failure } = simulate({
    seed: 1,
    machines: { a: async () => {} },
    scenario: async (world) => {
      const machine = world.machine("a");
      const open = (options: Options = {}): Promise<LogServer> => openOn(machine.runtime, options);
      const openRunning = async (options?: Options): Promise<LogServer> => {
        const log = await open(options);
        await log.handlers.lock({ epoch: 1n, director: "d" });
        await log.handlers.activate({ epoch: 1n, previous: 0n });
        return log;
      };
      await scene({
        world,
        machine,
        get runtime() {
          return machine.runtime;
        },
        open,
        openRunning,
      });
    },
  });
  if (failure !== undefined) throw failure.cause ?? failure;
}

function openOn(runtime: Runtime, options: Options): Promise<LogServer> {
  const id = options.id ?? "log-1";
  return openLog(runtime, { id, directory: DIRECTORY, clientOf: noSource, segmentBytes: 1000, ...options });
}

export function noSource(): never {
  throw new Error("no sources are expected");
}

/** Data that says which version it belongs to. */
export function dataOf(version: Version, length = 20): Uint8Array {
  return new Uint8Array(length).fill(Number(version % 251n));
}

/** Pushes a version whose data says which it is. */
export function push(log: LogServer, previous: Version, version: Version, epoch = 1n): Promise<void> {
  return log.handlers.push({ epoch, previous, version, knownCommitted: previous, data: dataOf(version) });
}

/** Pushes versions behind each other, all at once. */
export async function pushAll(log: LogServer, first: Version, versions: readonly Version[], epoch = 1n): Promise<void> {
  let previous = first;
  const pushes: Promise<void>[] = [];
  for (const version of versions) {
    pushes.push(push(log, previous, version, epoch));
    previous = version;
  }
  await Promise.all(pushes);
}

export type PullRequest = Parameters<LogHandlers["pull"]>[0];

/** A pull of a storage server that does not wait, unless it says otherwise. */
export function pullOf(request: Partial<PullRequest>): PullRequest {
  const limits = { entriesMax: 1000, bytesMax: 1_000_000, waitMs: 0 };
  return { after: 0n, upTo: undefined, ...limits, recovery: false, epoch: 1n, ...request };
}

/** `previous:version` of each, with a mark where the data is not that of the version. */
export function chainOf(entries: readonly LogEntry[]): string {
  const isRight = ({ version, data }: LogEntry): boolean => data.every((byte) => byte === Number(version % 251n));
  return entries.map((entry) => `${entry.previous}:${entry.version}${isRight(entry) ? "" : "!"}`).join(" ");
}

/** The versions 10, 20 … of so many entries. */
export function tens(count: number, first = 1): readonly Version[] {
  return Array.from({ length: count }, (_, index) => BigInt((first + index) * 10));
}

/** The code of the `RpcError` by which something is refused; what it gives when it is not. */
export async function refusal(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof RpcError) return error.code;
    throw error;
  }
}

/** A client that calls a log in the same process. */
export function clientOf(log: LogServer): Client<typeof LOG> {
  return log.handlers;
}
