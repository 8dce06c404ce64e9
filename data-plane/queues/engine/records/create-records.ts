/** The keeper of the records: every command of a batch in one commit. Runs in a thread of its own, or inline for tests. */

import { type CreateEngine, type Database, migrate } from "#foundation/sql";
import { type Batch, type Letter, readTexts, writeTexts } from "../courier/letter.ts";
import { createAcknowledging } from "./acknowledging.ts";
import { createArrivals } from "./arrivals.ts";
import { createAttempts } from "./attempts.ts";
import type { Answer, Ask, CommandName, Refusal } from "./commands.ts";
import { createDepartures } from "./departures.ts";
import { createGroups } from "./groups.ts";
import { createLifeCycle } from "./life-cycle.ts";
import { createLooking } from "./looking.ts";
import { createMoving } from "./moving.ts";
import { openQueueBook } from "./queue-book.ts";
import { createReceiptHandles } from "./receipt-handles.ts";
import { createReceive } from "./receiving.ts";
import type { BatchContext, RecordContext } from "./record-context.ts";
import { MIGRATIONS } from "./schema.ts";
import { createSend } from "./sending.ts";
import { openSequence } from "./sequences.ts";
import { createSettling } from "./settling.ts";
import { createTidying } from "./tidying.ts";

/** The engine's operations as its host sees them. */
export interface RecordOperations {
  /** Runs all commands of the batch; answers in their order. */
  readonly run: (batch: Batch) => Letter;
}

export interface RecordSettings {
  /** Key for receipt handles, taken when the database has none yet: `HANDLE_KEY_BYTES` random bytes. */
  readonly newHandleKey: Uint8Array;
  /** Messages of one queue that may be in flight. */
  readonly inFlightMax: number;
}

/** Each command as a function of the batch and what is asked. */
type Handlers = { readonly [Name in CommandName]: (batch: BatchContext, ask: Ask<Name>) => Answer<Name> | Refusal };

/** A command as it travels. */
export type CommandLine = readonly [name: CommandName, ask: unknown];

export const createRecords: CreateEngine<RecordOperations, RecordSettings> = (database, settings) => {
  migrate(database, MIGRATIONS);
  const context: RecordContext = {
    database,
    queues: openQueueBook(database),
    handles: createReceiptHandles(handleKey(database, settings)),
    seqs: openSequence(database, "messages"),
    stores: openSequence(database, "stores"),
    inFlightMax: settings.inFlightMax,
  };
  const handlers = createHandlers(context);

  return {
    operations: {
      run({ now, json, texts }) {
        const batch: BatchContext = { now, incoming: readTexts(texts), outgoing: writeTexts() };
        // Made by the courier from commands of these types.
        const lines = JSON.parse(json) as readonly CommandLine[];
        const answers = lines.map(([name, ask]) => handlers[name](batch, ask as never));
        context.queues.flush();
        return { json: JSON.stringify(answers), texts: batch.outgoing.joined };
      },
    },
    // An operation that throws is a defect or a failing disk: the courier then sends its commands one by one.
    refusesByResult: true,
    onRollback() {
      context.queues.forget();
      context.seqs.forget();
      context.stores.forget();
    },
  };
};

function createHandlers(context: RecordContext): Handlers {
  const groups = createGroups(context.database);
  const departures = createDepartures(context, groups);
  const arrivals = createArrivals(context, groups);
  const settling = createSettling(context, groups, departures);
  const attempts = createAttempts(context);
  const lifeCycle = createLifeCycle(context);
  const acknowledging = createAcknowledging(context, groups, departures, settling);
  const looking = createLooking(context, settling);
  const moving = createMoving(context, arrivals, departures, settling);
  const tidying = createTidying(context, settling);
  return {
    ensure: (_, ask) => lifeCycle.ensure(ask),
    beginDelete: (_, ask) => lifeCycle.beginDelete(ask),
    abandonDelete: (_, ask) => lifeCycle.abandonDelete(ask),
    drop: (batch, ask) => lifeCycle.drop(batch, ask),
    purge: (batch, ask) => lifeCycle.purge(batch, ask),
    lastDeletion: (batch, ask) => lifeCycle.lastDeletion(batch, ask),
    marked: () => context.queues.marked(),
    queues: () => lifeCycle.queues(),
    send: createSend(context, arrivals),
    receive: createReceive({ context, groups, arrivals, departures, settling, attempts }),
    delete: acknowledging.delete,
    changeVisibility: acknowledging.changeVisibility,
    release: acknowledging.release,
    counts: looking.counts,
    peek: looking.peek,
    startMove: (batch, ask) => moving.start(batch, ask),
    cancelMove: (_, ask) => moving.cancel(ask),
    move: (_, { taskId }) => moving.find(taskId),
    moves: (_, ask) => moving.latest(ask),
    runningMoves: () => moving.running(),
    continueMove: (batch, ask) => moving.continue(batch, ask),
    tidy: ({ now }) => tidying.tidy(now),
  };
}

/** The key that this database's handles are made with, for its whole life. */
function handleKey(database: Database, { newHandleKey }: RecordSettings): Uint8Array {
  database.prepare("INSERT OR IGNORE INTO secrets (name, value) VALUES ('receipt handles', ?1)").run(newHandleKey);
  return database.prepare<{ value: Uint8Array }>("SELECT value FROM secrets WHERE name = 'receipt handles'").get()!
    .value;
}
