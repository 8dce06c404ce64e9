/** Opens an audit log. */
import { resolve } from "node:path";
import type { Clock, Random, TimerHandle, Timers } from "#foundation/runtime";
import { acquireProcessLock, hostEngine } from "#foundation/sql";
import type { CheckResult, Logger } from "#foundation/telemetry";
import { AuditError } from "./audit-error.ts";
import type { AuditLog } from "./audit-log.ts";
import { boundEvent } from "./bound-event.ts";
import { type AuditCheckpoint, HASH_BYTES, hex } from "./chain.ts";
import { Coalescer } from "./notes/coalesce.ts";
import { createNotes, LOST_ACTION } from "./notes/notes.ts";
import { type AuditPage, type AuditQuery, queryRecords } from "./reading/query.ts";
import { createReader, type Reader } from "./reading/reader.ts";
import { tailRecords } from "./reading/tail.ts";
import { tailLines } from "./reading/tail-lines.ts";
import { type AuditVerdict, type VerifyOptions, verifyChain } from "./reading/verify.ts";
import type { AuditEntry, AuditEvent, AuditPlane, AuditRecord } from "./record.ts";
import { findOldest, RETAIN_ACTION, RETENTION_DEFAULT_MS } from "./retention.ts";
import { type AuditEngineSettings, type AuditOperations, createAuditEngine } from "./writing/audit-engine.ts";
import { type AuditHost, createWriter, type Writer } from "./writing/writer.ts";

export interface AuditLogOptions {
  /** The file. Made when missing; one process at a time. */
  readonly path: string;
  /** Which plane keeps it: written into each record. */
  readonly plane: AuditPlane;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** `worker`: hashing, SQL and fsyncs in a thread of their own. `inline`: in this thread, for tests. */
  readonly hosting: "worker" | "inline";
  readonly logger?: Logger;
  /** Milliseconds for which records are kept. Default {@link RETENTION_DEFAULT_MS}. */
  readonly retentionMs?: number;
  /** Opens the engine's host in another way than `hosting` says; for tests with disks that fail. */
  readonly openHost?: (path: string, settings: AuditEngineSettings) => Promise<AuditHost>;
}

const HOUR_MS = 60 * 60 * 1000;

/** Rows removed in one commit: with their index entries about 15 ms of the writing thread, for which appends wait. */
const REMOVE_ROWS = 200;

const ENTRY = "foundation/audit/audit.worker.ts";

/**
 * Opens (or makes) a log.
 *
 * @throws SqlError Locked when another process has it open, Corrupt when it is no log; the database's error when it cannot be made
 * @example
 * const audit = await openAuditLog({
 *   path: join(data, "audit.sqlite"), plane: "control",
 *   clock: systemClock, timers: systemTimers, random: systemRandom, hosting: "worker",
 * });
 * await audit.append({
 *   category: "mutation", actor: { type: "user", id: arn }, action: "iam:CreateUser", resource: userArn,
 *   decision: "allowed", reason: "AdministratorAccess allows it.", requestId,
 * });
 */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  const { clock, plane, random, logger } = options;
  const path = resolve(options.path);
  const lock = acquireProcessLock(`${path}.lock`);
  const listeners = new Set<() => void>();
  const openHost = options.openHost ?? ((file, settings) => hostAudit(options.hosting, file, settings));
  let acknowledged = 0;
  try {
    const writer = await createWriter({
      clock,
      open: (afterFailure) =>
        openHost(path, {
          newName: random.bytes(HASH_BYTES),
          firstRecord: firstRecord(plane, clock.now()),
          afterFailure,
        }),
      onWritten(sequence) {
        acknowledged = Math.max(acknowledged, sequence);
        for (const listener of listeners) listener();
      },
      onHealth(health) {
        if (health.ok) logger?.info("the audit log can be written again");
        else logger?.error("the audit log cannot be written", { reason: health.reason });
      },
    });
    return new OpenAuditLog(options, { path, writer, lock, listeners, acknowledged: () => acknowledged });
  } catch (error) {
    lock.release();
    throw error;
  }
}

function hostAudit(hosting: "worker" | "inline", path: string, settings: AuditEngineSettings): Promise<AuditHost> {
  const database = { path };
  return hosting === "inline"
    ? hostEngine<AuditOperations, AuditEngineSettings>({
        kind: "inline",
        createEngine: createAuditEngine,
        database,
        settings,
      })
    : hostEngine<AuditOperations, AuditEngineSettings>({ kind: "worker", entry: ENTRY, database, settings });
}

/** What the log says of itself. */
function ownEvent(action: string, reason: string, details?: Readonly<Record<string, string>>): AuditEvent {
  return {
    category: "system",
    actor: { type: "system", id: "audit" },
    action,
    decision: "allowed",
    reason,
    requestId: "",
    ...(details === undefined ? {} : { details }),
  };
}

function firstRecord(plane: AuditPlane, at: number): AuditRecord {
  return { ...ownEvent("audit.begin", "A new audit log begins."), at, plane };
}

/** A signal that any of several ends. Not `AbortSignal.any`: those that live long would remember every reader that ever was. */
function abortedWith(signals: readonly AbortSignal[]): { readonly signal: AbortSignal; abort(): void } {
  const ended = new AbortController();
  const abort = (): void => {
    for (const signal of signals) signal.removeEventListener("abort", abort);
    ended.abort();
  };
  for (const signal of signals) signal.addEventListener("abort", abort, { once: true });
  if (signals.some((signal) => signal.aborted)) abort();
  return { signal: ended.signal, abort };
}

interface Parts {
  readonly path: string;
  readonly writer: Writer;
  readonly lock: { release(): void };
  readonly listeners: Set<() => void>;
  readonly acknowledged: () => number;
}

class OpenAuditLog implements AuditLog {
  readonly #options: AuditLogOptions;
  readonly #parts: Parts;
  readonly #reader: Reader;
  readonly #notes: ReturnType<typeof createNotes>;
  readonly #hourly: TimerHandle;
  readonly #draining = new AbortController();
  #retaining: Promise<number> | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: AuditLogOptions, parts: Parts) {
    const { clock, timers, logger } = options;
    this.#options = options;
    this.#parts = parts;
    this.#reader = createReader(parts.path);
    this.#notes = createNotes({
      coalescer: new Coalescer(clock),
      timers,
      append: (record) => this.#write(record),
      lostRecord: (count) => ({
        ...ownEvent(LOST_ACTION, "The log could not be written, and there were too many records to keep them all."),
        decision: "failed",
        at: clock.now(),
        count,
      }),
    });
    this.#hourly = timers.every(HOUR_MS, () => {
      this.retain().catch((error: unknown) => logger?.warn("old audit records could not be removed", { error }));
    });
  }

  append(event: AuditEvent): Promise<void> {
    return this.#write({ ...boundEvent(event), at: this.#options.clock.now() });
  }

  note(event: AuditEvent): void {
    this.#notes.note(boundEvent(event));
  }

  async query(query: AuditQuery): Promise<AuditPage> {
    return this.#reader.read((database) => queryRecords(database, query));
  }

  async *tail(after: number | undefined, signal: AbortSignal): AsyncGenerator<readonly AuditEntry[], void, void> {
    const ended = abortedWith([signal, this.#draining.signal]);
    const { listeners } = this.#parts;
    const subscribe = (listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    };
    try {
      const from = after ?? (ended.signal.aborted ? 0 : (await this.head()).sequence);
      yield* tailRecords({ reader: this.#reader, subscribe }, from, ended.signal);
    } finally {
      ended.abort();
    }
  }

  async *lines(after: number | undefined, ...signals: readonly AbortSignal[]): AsyncGenerator<Uint8Array, void, void> {
    const ended = abortedWith(signals);
    try {
      yield* tailLines(this.tail(after, ended.signal), this.#options.timers);
    } finally {
      // The tail may be waiting for a record: this wakes it, and it ends.
      ended.abort();
    }
  }

  async head(): Promise<AuditCheckpoint> {
    const row = this.#reader.read((database) =>
      database
        .prepare<{ sequence: number; hash: Uint8Array }>(
          "SELECT sequence, hash FROM records ORDER BY sequence DESC LIMIT 1",
        )
        .get(),
    );
    if (row === undefined) throw new AuditError("AuditNotUsable", "the audit log has lost all its records; verify it");
    return { sequence: row.sequence, hash: hex(row.hash) };
  }

  verify(options: VerifyOptions = {}): Promise<AuditVerdict> {
    return verifyChain(this.#reader, this.#parts.acknowledged(), options);
  }

  retain(options: { readonly olderThan?: number } = {}): Promise<number> {
    // One at a time; whoever comes while one runs gets its result.
    this.#retaining ??= this.#retain(options.olderThan).finally(() => {
      this.#retaining = undefined;
    });
    return this.#retaining;
  }

  health(): CheckResult {
    return this.#parts.writer.health();
  }

  drain(): void {
    this.#draining.abort();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #write(record: Omit<AuditRecord, "plane">): Promise<void> {
    await this.#parts.writer.append({ ...record, plane: this.#options.plane });
  }

  async #retain(given: number | undefined): Promise<number> {
    const { clock, retentionMs = RETENTION_DEFAULT_MS } = this.#options;
    const now = clock.now();
    const olderThan = given ?? now - retentionMs;
    const through = await findOldest(this.#reader, olderThan, now);
    if (through === 0) return 0;
    const until = new Date(olderThan).toISOString();
    const { name } = this.#reader.read((database) =>
      database.prepare<{ name: string }>("SELECT name FROM chain").get(),
    )!;
    // On record before it is done; verification takes a late start of the chain only with such a record in it. It also is the one that stays when all are old.
    await this.append(
      ownEvent(RETAIN_ACTION, `What was recorded before ${until} has been kept for long enough.`, {
        log: name,
        through: String(through),
      }),
    );
    let removed = 0;
    for (let last = REMOVE_ROWS; last === REMOVE_ROWS; removed += last) {
      last = await this.#parts.writer.remove(through, REMOVE_ROWS);
    }
    return removed;
  }

  async #close(): Promise<void> {
    this.#hourly.cancel();
    this.drain();
    await this.#notes.close();
    await this.#retaining?.catch(() => 0);
    // The writer is the last to leave: only it can move the write-ahead log into the file and remove it.
    this.#reader.close();
    await this.#parts.writer.close();
    this.#parts.lock.release();
  }
}
