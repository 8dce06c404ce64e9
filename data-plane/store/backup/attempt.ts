/**
 * One attempt to copy a cluster while it goes on.
 *
 * Each team's pairs are of some version of their own, below what is known to be committed. What was written after the first of these is taken from a log
 * meanwhile, up to one version that is above all of them and known to be committed: together they are the state at that version.
 */
import { type CallOptions, type Client, type Ref, RpcError, type RpcNode } from "#foundation/rpc";
import { type Runtime, sleep } from "#foundation/runtime";
import { COMMIT_PROXY, type Layout, LOG, STORAGE, type Version } from "#foundation/store-protocol";
import { compareKeys, type KeyRange } from "../keys/index.ts";
import {
  type BackupEntry,
  type BackupPair,
  encodeEntries,
  encodePairs,
  KEYS_END,
  type Manifest,
  type ManifestPart,
} from "./format.ts";
import { PartWriter } from "./part-writer.ts";
import type { BackupPlace } from "./place.ts";

export interface AttemptOptions {
  readonly runtime: Pick<Runtime, "timers" | "clock">;
  readonly rpc: RpcNode;
  readonly place: BackupPlace;
  readonly layout: Layout;
  /** Which attempt this is; the names of its parts are of no other one. */
  readonly number: number;
  readonly partBytes: number;
  readonly signal: AbortSignal;
  readonly onPart: (part: ManifestPart) => void;
}

/** A team, without the keys of the store itself. */
interface CopiedTeam extends KeyRange {
  /** Its place in the manifest. */
  readonly number: number;
  readonly members: Layout["teams"][number]["members"];
}

/** What one server gives away of one version: the ranges of one or several teams, one after the other. */
interface OpenCopy {
  readonly storage: Client<typeof STORAGE>;
  readonly copy: number;
  readonly version: Version;
  readonly teams: readonly CopiedTeam[];
}

const CALL_MS = 5_000;
const PULL_WAIT_MS = 500;
const PULL_ENTRIES = 5_000;
const PULL_BYTES = 1024 * 1024;
/** A log of a cluster that runs learns within seconds what is committed. One that does not has been left behind. */
const COMMITTED_WITHIN_MS = 30_000;
const TRIES = 3;
const RETRY_MS = 200;
/** The transport does not know what became of the call; a page can be asked for again. */
const AGAIN: ReadonlySet<string> = new Set(["timed_out", "unreachable", "not_sent"]);

/** What the manifest is to say. @throws RpcError as soon as the cluster does not go on as it was; what the place throws */
export class Attempt {
  private readonly ending = new AbortController();
  private readonly signal: AbortSignal;
  private readonly entries: PartWriter<BackupEntry>;
  /** Every copy is through: the log is followed up to what is known to be committed then. */
  private copied = false;

  constructor(private readonly options: AttemptOptions) {
    this.signal = AbortSignal.any([options.signal, this.ending.signal]);
    this.entries = this.writer<BackupEntry>("entries", undefined, ({ data }) => data.length + 12, encodeEntries);
  }

  async run(): Promise<Manifest> {
    const { layout, rpc, number } = this.options;
    // What was acknowledged before the backup began is in it.
    const proxy = rpc.client(COMMIT_PROXY, layout.proxies[number % layout.proxies.length]!);
    const { version: begun } = await proxy.readVersion({ epoch: layout.epoch }, this.call);
    const copies: OpenCopy[] = [];
    try {
      await this.openCopies(copies);
      const versions = copies.map(({ version }) => version);
      const first = versions.reduce((least, version) => (version < least ? version : least));
      const last = versions.reduce((most, version) => (version > most ? version : most), begun);
      const [version, writers] = await this.together([
        () => this.follow(first, last),
        () => this.readAll(copies),
      ] as const);
      return {
        epoch: layout.epoch,
        version,
        teams: copies
          .flatMap(({ teams, version }) => teams.map((team) => ({ ...team, version })))
          .sort((a, b) => a.number - b.number)
          .map(({ begin, end, version }) => ({ begin, end, version })),
        parts: [...writers.flat().flatMap(({ parts }) => parts), ...this.entries.parts],
      };
    } finally {
      // Given up by themselves when this is not heard.
      for (const { storage, copy } of copies) storage.closeCopy({ copy }).catch(() => undefined);
    }
  }

  /**
   * Opens copies of all teams, each from its first member that gives it. Teams that have the same one are in one copy: a server gives few at a time.
   * @param copies gets what is open, also when it fails
   */
  private async openCopies(copies: OpenCopy[]): Promise<void> {
    const { layout, rpc } = this.options;
    const lost = new Set<string>();
    let failure: RpcError | undefined;
    let left: readonly CopiedTeam[] = copiedTeams(layout);
    while (left.length > 0) {
      const groups = new Map<string, { readonly ref: Ref; readonly teams: CopiedTeam[] }>();
      for (const team of left) {
        const member = team.members.find(({ storage, status }) => status === "up" && !lost.has(storage.id));
        if (member === undefined) throw failure ?? new RpcError("not_running", "A team has no member that is up.");
        const { storage: ref } = member;
        const group = groups.get(ref.id) ?? { ref, teams: [] };
        groups.set(ref.id, group);
        group.teams.push(team);
      }
      const refused: CopiedTeam[] = [];
      for (const { ref, teams } of groups.values()) {
        const storage = rpc.client(STORAGE, ref);
        const ranges = teams.map(({ begin, end }) => ({ begin, end }));
        try {
          copies.push({ storage, teams, ...(await storage.openCopy({ epoch: layout.epoch, ranges }, this.call)) });
        } catch (error) {
          if (!(error instanceof RpcError)) throw error;
          failure = error;
          lost.add(ref.id);
          refused.push(...teams);
        }
      }
      // A copy has its ranges in the order in which they are asked for: that of the keys.
      left = refused.sort((a, b) => a.number - b.number);
    }
  }

  /** At the same time: a copy that nobody reads on is given up. */
  private async readAll(copies: readonly OpenCopy[]): Promise<readonly (readonly PartWriter<BackupPair>[])[]> {
    const writers = await this.together(copies.map((copy) => () => this.readCopy(copy)));
    this.copied = true;
    return writers;
  }

  private async readCopy({ storage, copy, teams }: OpenCopy): Promise<readonly PartWriter<BackupPair>[]> {
    const writers = teams.map(({ number }) => this.writer<BackupPair>(`team${number}`, number, bytesOf, encodePairs));
    let at = 0;
    for (let next = 0, done = false; !done; ) {
      const page = await this.again(() => storage.readCopy({ copy, next }, this.call));
      for (const pair of page.pairs) {
        // The ranges come one after the other.
        while (compareKeys(pair.key, teams[at]!.end) >= 0) await writers[at++]!.end();
        await writers[at]!.add(pair);
      }
      ({ next, done } = page);
    }
    await writers[at]!.end();
    return writers;
  }

  /** Writes entries down until all is there up to a version that is known to be committed, and not below `least`. */
  private async follow(from: Version, least: Version): Promise<Version> {
    const { layout, rpc, number, runtime } = this.options;
    const log = rpc.client(LOG, layout.logs[number % layout.logs.length]!);
    let after = from;
    let end: Version | undefined;
    let copiedMs: number | undefined;
    while (end === undefined || after < end) {
      const request = {
        after,
        upTo: undefined,
        entriesMax: PULL_ENTRIES,
        bytesMax: PULL_BYTES,
        waitMs: PULL_WAIT_MS,
        recovery: false,
        epoch: layout.epoch,
      };
      const page = await this.again(() => log.pull(request, { ...this.call, timeoutMs: CALL_MS + PULL_WAIT_MS }));
      for (const { version, data } of page.entries) {
        if (end === undefined || version <= end) await this.entries.add({ version, data });
      }
      if (page.upTo > after) after = page.upTo;
      if (!this.copied || end !== undefined) continue;
      copiedMs ??= runtime.clock.monotonicMs();
      if (page.knownCommitted >= least) end = page.knownCommitted;
      else if (runtime.clock.monotonicMs() - copiedMs > COMMITTED_WITHIN_MS)
        throw new RpcError("not_running", "The log does not learn any more what is committed.");
    }
    await this.entries.end();
    return end;
  }

  private async again<T>(ask: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof RpcError) || !AGAIN.has(error.code) || tries === TRIES) throw error;
        await sleep(this.options.runtime.timers, RETRY_MS, this.signal).catch(() => undefined);
      }
    }
  }

  /** All of them. The first that fails ends the others, and is thrown when nothing is on its way any more. */
  private async together<const T extends readonly (() => Promise<unknown>)[]>(
    works: T,
  ): Promise<{ -readonly [I in keyof T]: Awaited<ReturnType<T[I]>> }> {
    let failure: { readonly error: unknown } | undefined;
    const settled = works.map((work) =>
      work().catch((error: unknown) => {
        failure ??= { error };
        this.ending.abort();
      }),
    );
    const results = await Promise.all(settled);
    if (failure !== undefined) throw (failure as { readonly error: unknown }).error;
    return results as { -readonly [I in keyof T]: Awaited<ReturnType<T[I]>> };
  }

  private writer<T>(
    name: string,
    team: number | undefined,
    bytesOf: (item: T) => number,
    encode: (items: readonly T[]) => Uint8Array,
  ): PartWriter<T> {
    const { place, number, partBytes, onPart } = this.options;
    return new PartWriter({ place, prefix: `a${number}-${name}`, team, partBytes, bytesOf, encode, onPart });
  }

  private get call(): CallOptions {
    return { timeoutMs: CALL_MS, signal: this.signal };
  }
}

function copiedTeams({ teams }: Layout): readonly CopiedTeam[] {
  return teams
    .map(({ begin, end, members }) => ({ begin, end: compareKeys(end, KEYS_END) < 0 ? end : KEYS_END, members }))
    .filter(({ begin, end }) => compareKeys(begin, end) < 0)
    .map((team, number) => ({ ...team, number }));
}

function bytesOf({ key, value }: BackupPair): number {
  return key.length + value.length + 8;
}
