/** The thread that moves, makes and removes body files. */

import { type Database, type Engine, serveEngine } from "#foundation/sql";
import { createHousekeeping, type HousekeepingOperations } from "./bodies/housekeeping.ts";
import { systemHousekeepingFiles } from "./bodies/system-files.ts";

serveEngine(
  (database: Database, settings: { readonly directory: string }): Engine<HousekeepingOperations> => ({
    operations: createHousekeeping(database, systemHousekeepingFiles(settings.directory)),
  }),
);
