/**
 * The record keeper: all writes of the engine, one after the other, over one database. A host gives it batches and commits each with one fsync.
 */

import { type Database, type Engine, migrate } from "#foundation/sql";
import { openBucketCommands } from "./bucket-commands.ts";
import { DONE, type RecordOperations } from "./commands.ts";
import { openCompletions } from "./complete-upload.ts";
import { deleteObject } from "./delete-object.ts";
import { putObject } from "./put-object.ts";
import { openRecordContext } from "./record-context.ts";
import { MIGRATIONS } from "./schema.ts";
import { updateVersion } from "./update-version.ts";
import { openUploadTable } from "./uploads.ts";

/** The record keeper needs no settings; the clock and chance come with each command. */
export type RecordSettings = Readonly<Record<never, never>>;

export function createRecords(database: Database): Engine<RecordOperations> {
  migrate(database, MIGRATIONS);
  const context = openRecordContext(database);
  const uploads = openUploadTable(context);
  const completions = openCompletions(context, uploads);
  const bucketCommands = openBucketCommands(context);
  return {
    refusesByResult: true,
    operations: {
      put: (command) => putObject(context, command),
      delete: (command) => deleteObject(context, command),
      update: (command) => updateVersion(context, command),
      createUpload: uploads.create,
      putPart: uploads.putPart,
      completeUpload: completions.complete,
      abortUpload: uploads.abort,
      closeBucket: bucketCommands.close,
      reopenBucket: bucketCommands.reopen,
      dropBucket: bucketCommands.drop,
      settle(command) {
        context.ledger.settle(command);
        return DONE;
      },
      forgetCompletions: ({ before }) => completions.forget(before),
      reserveBodies: () => context.bodies.block(),
      forgetEvents(command) {
        context.outbox.forget(command);
        return DONE;
      },
    },
    onRollback() {
      context.buckets.forget();
      context.sequence.forget();
      context.bodies.forget();
    },
  };
}
