/** The worker's side of a worker host. */
import type { Database } from "./database.ts";
import type { CreateEngine, Engine, EngineOperations } from "./engine.ts";
import { failureOf } from "./engine-error.ts";
import { openDatabase } from "./open-database.ts";
import { type BatchReport, type BatchRunner, operationTable, runBatch } from "./run-batch.ts";
import { clonableOutcome } from "./unclonable.ts";
import type { FromWorker, ToWorker } from "./worker-protocol.ts";

declare const self: {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
  close(): void;
};

/**
 * Makes the current worker thread the home of an engine. The whole of a worker entry is:
 *
 *     import { serveEngine } from "#foundation/sql";
 *     import { createObjects } from "./objects.ts";
 *     serveEngine(createObjects);
 */
export function serveEngine<Operations extends EngineOperations<Operations>, Settings>(
  createEngine: CreateEngine<Operations, Settings>,
): void {
  let database: Database | undefined;
  let engine: Engine<Operations> | undefined;
  let runner: BatchRunner | undefined;

  const open = (message: Extract<ToWorker, { type: "open" }>): FromWorker => {
    try {
      database = openDatabase(message.database);
      // The host's own type ties settings to the engine; across the thread only the entry file knows both.
      const created = createEngine(database, message.settings as Settings);
      engine = created;
      runner = {
        database,
        table: operationTable(created),
        onRollback: () => created.onRollback?.(),
        refusesByResult: created.refusesByResult,
      };
      return { type: "opened" };
    } catch (error) {
      database?.close();
      return { type: "notOpened", failure: failureOf(error) };
    }
  };

  const report = ({ outcomes, fatal }: BatchReport): void => {
    try {
      self.postMessage({ type: "report", outcomes, fatal });
    } catch {
      self.postMessage({ type: "report", outcomes: outcomes.map(clonableOutcome), fatal });
    }
  };

  self.onmessage = ({ data: message }) => {
    switch (message.type) {
      case "open":
        self.postMessage(open(message));
        return;
      case "batch":
        if (runner === undefined) throw new Error("a batch came before the database was open");
        report(runBatch(runner, message.commands));
        return;
      case "close":
        engine?.close?.();
        database?.close();
        self.postMessage({ type: "closed" });
        return;
    }
  };
}
