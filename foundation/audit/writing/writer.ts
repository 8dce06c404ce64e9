/** Hands records to the engine, and opens it again after the storage has failed. */
import type { Clock } from "#foundation/runtime";
import type { ArgumentOf, EngineHost } from "#foundation/sql";
import { type CheckResult, HEALTHY, unhealthy } from "#foundation/telemetry";
import { AuditError } from "../audit-error.ts";
import type { AuditRecord } from "../record.ts";
import type { AuditOperations } from "./audit-engine.ts";

/** After a failed attempt to open the storage again, appends are refused at once for this long: starting a thread for each of them would not help. */
export const REOPEN_PAUSE_MS = 1000;

export type AuditHost = EngineHost<AuditOperations>;

export interface WriterOptions {
  readonly clock: Clock;
  /** @param afterFailure the storage has failed in this process before */
  readonly open: (afterFailure: boolean) => Promise<AuditHost>;
  /** Told of each sequence that is on disk. */
  readonly onWritten: (sequence: number) => void;
  /** Told when writing begins to fail, and when it works again. */
  readonly onHealth: (health: CheckResult) => void;
}

export interface Writer {
  /** Resolves with the sequence when the record is on disk. @throws AuditError AuditUnavailable */
  append(record: AuditRecord): Promise<number>;
  /** See `AuditOperations.remove`. @throws AuditError AuditUnavailable */
  remove(through: number, rowsMax: number): Promise<number>;
  health(): CheckResult;
  /** Writes what was accepted, then closes. */
  close(): Promise<void>;
}

/** @throws what `open` throws: a log that cannot be opened at first is a matter for whoever starts the process */
export async function createWriter(options: WriterOptions): Promise<Writer> {
  const { clock } = options;
  let host: Promise<AuditHost> | AuditHost = await options.open(false);
  let health: CheckResult = HEALTHY;
  let pausedUntil = 0;
  let closed = false;

  const setHealth = (next: CheckResult): void => {
    const changed = health.ok !== next.ok;
    health = next;
    if (changed) options.onHealth(next);
  };
  const unavailable = (error: unknown): AuditError => {
    const why = error instanceof Error ? error.message : String(error);
    if (!closed) setHealth(unhealthy(`the audit log cannot be written: ${why}`));
    return new AuditError("AuditUnavailable", `the audit log cannot be written: ${why}`, { cause: error });
  };

  const reopen = async (failed: AuditHost | undefined): Promise<AuditHost> => {
    await failed?.close();
    return options.open(true);
  };
  /** The host; opened again, once for all who wait, when its storage has failed. */
  const liveHost = (): Promise<AuditHost> | AuditHost => {
    if (closed) throw new Error("it was closed");
    if (host instanceof Promise || host.failure === undefined) return host;
    if (clock.monotonicMs() < pausedUntil) throw host.failure;
    const failed = host;
    const opening = reopen(failed).then(
      (opened) => {
        host = opened;
        return opened;
      },
      (error: unknown) => {
        pausedUntil = clock.monotonicMs() + REOPEN_PAUSE_MS;
        host = failed;
        throw error;
      },
    );
    host = opening;
    return opening;
  };
  const apply = async <Name extends keyof AuditOperations>(
    name: Name,
    argument: ArgumentOf<AuditOperations, Name>,
  ): Promise<number> => {
    try {
      const live = liveHost();
      const answer = (await (live instanceof Promise ? await live : live).apply(name, argument)) as number;
      setHealth(HEALTHY);
      return answer;
    } catch (error) {
      throw unavailable(error);
    }
  };

  return {
    async append(record) {
      const sequence = await apply("append", JSON.stringify(record));
      options.onWritten(sequence);
      return sequence;
    },
    remove: (through, rowsMax) => apply("remove", { through, rowsMax }),
    health: () => health,
    async close() {
      closed = true;
      // One that could not be opened again has nothing to close.
      const last = await Promise.resolve(host).catch(() => undefined);
      await last?.close();
    },
  };
}
