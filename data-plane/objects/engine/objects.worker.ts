/** The thread that keeps the engine's records: SQL and fsync never block the event loop that answers requests. */

import { serveEngine } from "#foundation/sql";
import { createRecords } from "./records/create-records.ts";

serveEngine(createRecords);
