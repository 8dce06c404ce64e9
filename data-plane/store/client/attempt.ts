/**
 * One attempt of a transaction: from its creation, or the reset before it, to the next reset. All its state, and what may be done in it.
 *
 * What is done to an attempt happens within one turn of the event loop, between the awaits of whoever does it; whoever waits looks again afterwards
 * whether the attempt has failed meanwhile (`guard`).
 */
import type { CommitPlace, StoreBackend, Version } from "../backend/index.ts";
import { StoreError } from "../errors/index.ts";
import { placeToStamp } from "../mutations/index.ts";
import { type BaseAnswer, type BaseQuestion, Overlay, type Read, readLater } from "./overlay/index.ts";
import type { PendingWatch } from "./watch.ts";

/** Most bytes of one answer: what a store sends, and a client holds, at once. */
const ANSWER_BYTES_MAX = 1_000_000;

/** What a transaction that wrote nothing has for the version of its commit. */
export const NO_VERSION: Version = -1n;

/** Where the transaction was committed, or why its versionstamp is none. */
type StampOutcome = { readonly place: CommitPlace } | { readonly error: StoreError };

export class Attempt {
  readonly overlay = new Overlay();
  readonly watches: PendingWatch[] = [];
  committedVersion: Version = NO_VERSION;
  /** What to call when the attempt fails, for all that is under way. */
  private readonly underWay = new Set<(error: StoreError) => void>();
  private readsUnderWay = 0;
  private readonly whenRead: (() => void)[] = [];
  /** The versionstamp, or why there is none; and who waits for it. */
  private stampOutcome: StampOutcome | undefined;
  private stampAsked: PromiseWithResolvers<Uint8Array> | undefined;
  private failedRead: { readonly error: unknown } | undefined;
  private failedWith: StoreError | undefined;
  private commitBegun = false;
  private version: Promise<Version> | undefined;
  private known: Version | undefined;

  constructor(private readonly backend: StoreBackend) {}

  /** Why nothing can be done in this attempt any more. */
  get failure(): StoreError | undefined {
    return this.failedWith;
  }

  /** The read version, once it is there. */
  get knownVersion(): Version | undefined {
    return this.known;
  }

  /** @throws StoreError used_during_commit: a commit was begun before; nothing can be done in this attempt any more */
  checkNotCommitting(): void {
    if (!this.commitBegun) return;
    const error = new StoreError(
      "used_during_commit",
      "The transaction is being committed, or was: reset it, or begin another one.",
    );
    this.fail(error);
    throw error;
  }

  /** @throws StoreError when the attempt has failed or is being committed */
  checkUsable(): void {
    this.checkNotCommitting();
    if (this.failedWith !== undefined) throw this.failedWith;
  }

  /** @throws StoreError as `checkUsable` */
  beginCommit(): void {
    this.checkUsable();
    this.commitBegun = true;
  }

  /** Ends the attempt; the first reason stays. Everything under way in it rejects. */
  fail(error: StoreError): void {
    if (this.failedWith !== undefined) return;
    this.failedWith = error;
    for (const stop of [...this.underWay]) stop(error);
    if (!this.commitBegun) this.endWithoutCommit(error, error);
  }

  /** Settles with the commit. */
  get stamp(): Promise<Uint8Array> {
    if (this.stampAsked === undefined) {
      this.stampAsked = Promise.withResolvers();
      // Who waits for it is told; when nobody does any more, nothing is lost.
      this.stampAsked.promise.catch(() => {});
      if (this.stampOutcome !== undefined) this.settleStamp(this.stampOutcome);
    }
    return this.stampAsked.promise;
  }

  /** The first outcome stays. */
  settleStamp(outcome: StampOutcome): void {
    this.stampOutcome ??= outcome;
    // The bytes are made for who has asked: hardly anybody does.
    if ("place" in this.stampOutcome) this.stampAsked?.resolve(placeToStamp(this.stampOutcome.place));
    else this.stampAsked?.reject(this.stampOutcome.error);
  }

  /** Nothing hangs on the commit: nothing is written, nobody waits for anything. */
  get isIdle(): boolean {
    return this.readsUnderWay === 0 && this.watches.length === 0 && this.overlay.isReadOnly;
  }

  /** No commit, or none that succeeded. */
  endWithoutCommit(error: unknown, stampError: StoreError): void {
    this.settleStamp({ error: stampError });
    for (const watch of this.watches) watch.fail(error);
  }

  /** Rejects as soon as the attempt fails, also when it has failed before. */
  guard<T>(work: Promise<T>): Promise<T> {
    if (this.failedWith !== undefined) {
      work.catch(() => {});
      return Promise.reject(this.failedWith);
    }
    return new Promise<T>((resolve, reject) => {
      this.underWay.add(reject);
      work.then(
        (value) => {
          this.underWay.delete(reject);
          resolve(value);
        },
        (error) => {
          this.underWay.delete(reject);
          reject(error);
        },
      );
    });
  }

  /** Aborted when the attempt fails, with the reason; for what takes a signal. */
  signal(): AbortSignal {
    const abort = new AbortController();
    if (this.failedWith !== undefined) abort.abort(this.failedWith);
    else this.underWay.add((error) => abort.abort(error));
    return abort.signal;
  }

  readVersion(): Promise<Version> {
    if (this.version === undefined) {
      this.version = this.backend.getReadVersion().then((version) => {
        this.known = version;
        return version;
      });
      // A read that needs to ask nobody does not wait for it. Who waits is told when that failed.
      this.version.catch(() => {});
    }
    return this.version;
  }

  /** @throws StoreError read_version_already_set, version_invalid */
  setReadVersion(version: Version): void {
    if (this.version !== undefined) {
      throw new StoreError("read_version_already_set", "The transaction has a read version, or is getting one.");
    }
    if (version <= 0n) throw new StoreError("version_invalid", "A read version is above zero.");
    this.version = Promise.resolve(version);
    this.known = version;
  }

  /** Runs a read. The commit waits for it, and fails when it failed. */
  read<T>(read: Read<T>): Promise<T> {
    return this.start(read, (error) => {
      this.failedRead ??= { error };
    });
  }

  /** Runs a read for which the commit waits, whatever becomes of it. */
  readForWatch<T>(read: Read<T>): Promise<T> {
    return this.start(read, () => {});
  }

  private start<T>(read: Read<T>, failed: (error: unknown) => void): Promise<T> {
    // The first read says at which version the transaction is, even one that needs to ask nobody.
    this.readVersion();
    this.readsUnderWay++;
    return this.guard(readLater(read, (question) => this.ask(question))).then(
      (value) => {
        this.readEnds();
        return value;
      },
      (error) => {
        failed(error);
        this.readEnds();
        throw error;
      },
    );
  }

  private readEnds(): void {
    this.readsUnderWay--;
    if (this.readsUnderWay > 0) return;
    for (const tell of this.whenRead.splice(0)) tell();
  }

  /** Resolves when all reads so far are done; rejects when one of this attempt has failed. */
  async readsDone(): Promise<void> {
    while (this.readsUnderWay > 0) await new Promise<void>((resolve) => this.whenRead.push(resolve));
    if (this.failedRead !== undefined) throw this.failedRead.error;
  }

  private async ask({ begin, end, limit, bytesMax, reverse, single }: BaseQuestion): Promise<BaseAnswer> {
    const version = this.known ?? (await this.readVersion());
    if (single) {
      const value = await this.backend.get(begin, version);
      return { entries: value === undefined ? [] : [[begin, value]], more: false };
    }
    const limits = { limit, bytesMax: Math.min(bytesMax, ANSWER_BYTES_MAX), reverse };
    const { pairs, more } = await this.backend.getRange(begin, end, version, limits);
    return { entries: pairs.map(({ key, value }) => [key, value]), more };
  }
}
