/**
 * What an engine is: synchronous operations over one database, without knowledge of threads, batches and fsyncs.
 *
 * A host (`hostEngine`) runs it, in this thread or in a worker, and commits many commands at once.
 */
import type { Database } from "./database.ts";

/**
 * An engine's operations by name. Each runs in a savepoint of its own inside the batch's transaction: it may throw (`EngineError`) to undo itself alone.
 * Arguments and results must survive structured cloning (plain objects, arrays, Map, Date, Uint8Array; no functions, no class instances). An operation must
 * not BEGIN, COMMIT or touch anything but its database and its own memory; memory that mirrors rows must cope with a batch that is rolled back
 * (`onRollback`).
 */
export type EngineOperations<Operations> = { readonly [Name in keyof Operations]: (argument: never) => unknown };

/** A running engine. */
export interface Engine<Operations extends EngineOperations<Operations>> {
  readonly operations: Operations;
  /**
   * Operations refuse by what they return, so that one that throws is a defect or a failing disk. Commands of a batch then share one savepoint, which saves copying
   * each page that a command changes; should one throw, the batch is undone and repeated with a savepoint for each. Default false.
   */
  readonly refusesByResult?: boolean;
  /** A whole batch was rolled back (disk full, failed commit) or a command undone: forget memory that was derived from uncommitted rows. */
  onRollback?(): void;
  /** Before the database is closed. */
  close?(): void;
}

/**
 * Makes an engine: migrates the database and prepares statements. `settings` is what the host was given (it crosses to the worker).
 * @example
 * export const createCounter: CreateEngine<CounterOperations, { readonly start: number }> = (database, settings) => {
 *   migrate(database, MIGRATIONS);
 *   const add = database.prepare("UPDATE counter SET value = value + ?1");
 *   return { operations: { add: (by: number) => add.run(by).changes } };
 * };
 */
export type CreateEngine<Operations extends EngineOperations<Operations>, Settings> = (
  database: Database,
  settings: Settings,
) => Engine<Operations>;

/** The argument of an operation. */
export type ArgumentOf<Operations, Name extends keyof Operations> = Operations[Name] extends (
  argument: infer Argument,
) => unknown
  ? Argument
  : never;

/** The result of an operation. */
export type ResultOf<Operations, Name extends keyof Operations> = Operations[Name] extends (
  argument: never,
) => infer Result
  ? Result
  : never;

/** An engine as its callers see it, wherever it runs. */
export interface EngineHost<Operations extends EngineOperations<Operations>> {
  /**
   * Runs one operation in the next commit. Commands run in the order of the calls. Resolves after the commit that covers it is on disk. Reads can go
   * through here too (they see all earlier commands), or, cheaper, through a read-only connection of the caller's: once `apply` has resolved, such a
   * connection sees its effect.
   *
   * @throws EngineError the operation's own, or a `HostErrorCode`
   */
  apply<Name extends keyof Operations & string>(
    name: Name,
    argument: ArgumentOf<Operations, Name>,
  ): Promise<ResultOf<Operations, Name>>;
  /** Commands waiting or in flight. */
  readonly pending: number;
  /** Why the host takes nothing more, once its thread or its storage has failed. */
  readonly failure: Error | undefined;
  /** Answers what was accepted, then closes the engine and its database. Closing twice is harmless. */
  close(): Promise<void>;
}
