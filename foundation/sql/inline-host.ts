/** An engine in the caller's own thread: for the control plane's small load, for tests and for simulation. */
import type { OpenOptions } from "./database.ts";
import type { CreateEngine, EngineHost, EngineOperations, ResultOf } from "./engine.ts";
import { EngineError } from "./engine-error.ts";
import { createGroupCommit } from "./group-commit.ts";
import { openDatabase } from "./open-database.ts";
import type { Outcome } from "./outcome.ts";
import { type BatchRunner, type EngineCommand, operationTable, runBatch } from "./run-batch.ts";

/** Options of the inline host. */
export interface InlineHostOptions<Operations extends EngineOperations<Operations>, Settings> {
  readonly kind: "inline";
  readonly createEngine: CreateEngine<Operations, Settings>;
  readonly database: OpenOptions;
  readonly settings: Settings;
  readonly batchMax?: number;
  readonly queueMax?: number;
  /** See `GroupCommitOptions.gather`; default `turn`. A simulation takes `microtask`, which draws no event-loop turns. */
  readonly gather?: "microtask" | "turn";
}

/** Opens the database and runs the engine here. Results are passed by reference, not cloned. */
export function hostInline<Operations extends EngineOperations<Operations>, Settings>(
  options: InlineHostOptions<Operations, Settings>,
): EngineHost<Operations> {
  const database = openDatabase(options.database);
  const engine = openOrClose();
  const runner: BatchRunner = {
    database,
    table: operationTable(engine),
    onRollback: () => engine.onRollback?.(),
    refusesByResult: engine.refusesByResult,
  };
  let failure: EngineError | undefined;
  let closing: Promise<void> | undefined;

  function openOrClose() {
    try {
      return options.createEngine(database, options.settings);
    } catch (error) {
      database.close();
      throw error;
    }
  }
  const commit = (commands: readonly EngineCommand[]): readonly Outcome<unknown>[] => {
    if (failure !== undefined) throw failure;
    const report = runBatch(runner, commands);
    if (report.fatal) failure = new EngineError("EngineFailed", "the storage failed; check the disk and start again");
    return report.outcomes;
  };
  const group = createGroupCommit<EngineCommand, unknown>({
    commit,
    batchMax: options.batchMax,
    queueMax: options.queueMax,
    gather: options.gather ?? "turn",
  });

  return {
    apply: <Name extends keyof Operations & string>(name: Name, argument: unknown) =>
      group.submit([name, argument]) as Promise<ResultOf<Operations, Name>>,
    get pending() {
      return group.pending;
    },
    get failure() {
      return failure;
    },
    close() {
      closing ??= group.close().then(() => {
        engine.close?.();
        database.close();
      });
      return closing;
    },
  };
}
