/** A small engine for the tests of the hosts. */
import type { CreateEngine } from "../engine.ts";
import { EngineError } from "../engine-error.ts";
import { migrate } from "../migrations.ts";

/** What the engine offers. A type alias: its keys are known, so it passes as operations. */
export type CounterOperations = {
  readonly add: (argument: { readonly name: string; readonly by: number }) => number;
  readonly read: (name: string) => number;
  readonly blob: (bytes: Uint8Array) => Uint8Array;
  readonly refuse: (name: string) => never;
  readonly crash: (name: string) => never;
  readonly unclonable: (name: string) => () => void;
  readonly die: (code: number) => never;
};

export interface CounterSettings {
  readonly start: number;
}

export const createCounter: CreateEngine<CounterOperations, CounterSettings> = (database, settings) => {
  migrate(database, [
    {
      version: 1,
      name: "counters",
      sql: "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT",
    },
  ]);
  const upsert = database.prepare(
    "INSERT INTO counters (name, value) VALUES (?1, ?2 + ?3) ON CONFLICT (name) DO UPDATE SET value = value + ?2",
  );
  const select = database.prepare<{ value: number }>("SELECT value FROM counters WHERE name = ?1");
  const read = (name: string): number => select.get(name)?.value ?? settings.start;
  return {
    operations: {
      add({ name, by }) {
        upsert.run(name, by, settings.start);
        return read(name);
      },
      read,
      blob: (bytes) => bytes.map((byte) => 255 - byte),
      refuse(name) {
        upsert.run(name, 1, settings.start);
        throw new EngineError("Refused", `${name} is refused`, { retryable: true, details: { name } });
      },
      crash(name) {
        upsert.run(name, 1, settings.start);
        throw new TypeError("a defect");
      },
      unclonable: () => () => undefined,
      die: (code) => process.exit(code),
    },
  };
};
