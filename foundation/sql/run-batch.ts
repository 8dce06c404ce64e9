/** One batch of commands in one transaction. */
import type { Database } from "./database.ts";
import type { Engine, EngineOperations } from "./engine.ts";
import { EngineError, failureOf } from "./engine-error.ts";
import type { Outcome } from "./outcome.ts";
import { isStorageFailure } from "./sql-error.ts";

/** One command as it travels: operation name and argument. */
export type EngineCommand = readonly [name: string, argument: unknown];

/** Outcomes in the order of the commands; `fatal` when the storage failed and the engine must not be used again. */
export interface BatchReport {
  readonly outcomes: readonly Outcome<unknown>[];
  readonly fatal: boolean;
}

/** Any operation, once its argument's type is only known to the caller on the other side. */
type AnyOperation = (argument: unknown) => unknown;

/** The operations by name, for dispatch. Own properties only, so that a name such as `constructor` finds nothing. */
export function operationTable<Operations extends EngineOperations<Operations>>(
  engine: Engine<Operations>,
): ReadonlyMap<string, AnyOperation> {
  const table = new Map<string, AnyOperation>();
  for (const [name, operation] of Object.entries(engine.operations)) table.set(name, operation as AnyOperation);
  return table;
}

/** What batches are run with. */
export interface BatchRunner {
  readonly database: Database;
  readonly table: ReadonlyMap<string, AnyOperation>;
  readonly onRollback?: (() => void) | undefined;
  /** See `Engine.refusesByResult`. */
  readonly refusesByResult?: boolean;
}

/**
 * Runs every command so that its failure undoes it alone, and commits once. When the transaction as a whole is lost (disk full, failed fsync), every command of
 * it fails with that error.
 */
export function runBatch(runner: BatchRunner, commands: readonly EngineCommand[]): BatchReport {
  return (runner.refusesByResult === true ? runTogether(runner, commands) : undefined) ?? runApart(runner, commands);
}

/** All commands without savepoints; undefined when one threw: then nothing was kept. */
function runTogether(runner: BatchRunner, commands: readonly EngineCommand[]): BatchReport | undefined {
  const { database, table, onRollback } = runner;
  try {
    const outcomes = database.transaction(() =>
      commands.map(([name, argument]): Outcome<unknown> => {
        const operation = table.get(name);
        return operation === undefined ? unknownOperation(name) : { ok: true, value: operation(argument) };
      }),
    );
    return { outcomes, fatal: false };
  } catch (error) {
    onRollback?.();
    if (!isStorageFailure(error)) return undefined;
    const failure = failureOf(error);
    return { outcomes: commands.map(() => failure), fatal: true };
  }
}

function runApart(runner: BatchRunner, commands: readonly EngineCommand[]): BatchReport {
  const { database, onRollback } = runner;
  const outcomes: Outcome<unknown>[] = [];
  try {
    database.transaction(() => {
      for (const command of commands) outcomes.push(runCommand(runner, command));
    });
    return { outcomes, fatal: false };
  } catch (error) {
    onRollback?.();
    const failure = failureOf(error);
    return { outcomes: commands.map(() => failure), fatal: isStorageFailure(error) };
  }
}

function unknownOperation(name: string): Outcome<unknown> {
  return failureOf(new EngineError("Internal", `the engine has no operation "${name}"`));
}

function runCommand({ database, table, onRollback }: BatchRunner, [name, argument]: EngineCommand): Outcome<unknown> {
  const operation = table.get(name);
  if (operation === undefined) return unknownOperation(name);
  try {
    return { ok: true, value: database.savepoint(() => operation(argument)) };
  } catch (error) {
    // Without a transaction SQLite has rolled everything back by itself: the whole batch is lost, not only this command.
    if (!database.inTransaction || isStorageFailure(error)) throw error;
    onRollback?.();
    return failureOf(error);
  }
}
