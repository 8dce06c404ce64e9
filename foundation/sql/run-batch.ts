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

/**
 * Runs every command in a savepoint of its own and commits once. When the transaction as a whole is lost (disk full, failed fsync), every command of it fails
 * with that error.
 */
export function runBatch(
  database: Database,
  table: ReadonlyMap<string, AnyOperation>,
  onRollback: (() => void) | undefined,
  commands: readonly EngineCommand[],
): BatchReport {
  const outcomes: Outcome<unknown>[] = [];
  try {
    database.transaction(() => {
      for (const command of commands) outcomes.push(runCommand(database, table, onRollback, command));
    });
    return { outcomes, fatal: false };
  } catch (error) {
    onRollback?.();
    const failure = failureOf(error);
    return { outcomes: commands.map(() => failure), fatal: isStorageFailure(error) };
  }
}

function runCommand(
  database: Database,
  table: ReadonlyMap<string, AnyOperation>,
  onRollback: (() => void) | undefined,
  [name, argument]: EngineCommand,
): Outcome<unknown> {
  const operation = table.get(name);
  if (operation === undefined) return failureOf(new EngineError("Internal", `the engine has no operation "${name}"`));
  try {
    return { ok: true, value: database.savepoint(() => operation(argument)) };
  } catch (error) {
    // Without a transaction SQLite has rolled everything back by itself: the whole batch is lost, not only this command.
    if (!database.inTransaction || isStorageFailure(error)) throw error;
    onRollback?.();
    return failureOf(error);
  }
}
