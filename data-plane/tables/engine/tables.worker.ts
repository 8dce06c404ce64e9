/** The thread that keeps the tables: SQL and fsync never block the event loop that answers requests. */

import { serveEngine } from "#foundation/sql";
import { createTables } from "./records/create-tables.ts";

serveEngine(createTables);
