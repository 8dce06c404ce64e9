/** The thread that writes an audit log: neither hashing nor fsyncs block the event loop that answers requests. */
import { serveEngine } from "#foundation/sql";
import { createAuditEngine } from "./writing/audit-engine.ts";

serveEngine(createAuditEngine);
