/** The thread that keeps the queues' records: SQL and fsync never block the event loop that answers requests. */

import { serveEngine } from "#foundation/sql";
import { createRecords } from "./records/create-records.ts";

serveEngine(createRecords);
