/** The thread that copies a table into a backup. It lives as long as the copying. */

import { serveEngine } from "#foundation/sql";
import { createCopy } from "./backups/copy-items.ts";

serveEngine(createCopy);
