/**
 * The transaction log of the store: what was committed, in order, on disk, until every storage server has it.
 *
 * `openLog` gives the handlers of the service `LOG` (see there for what each method promises); in simulations it runs on a simulated disk. An entry without
 * data, which only a recovery writes, says that a version was reached and nothing written.
 */
export { LogCorruptionError } from "./disk/corruption.ts";
export { type LogOptions, type LogServer, openLog } from "./open-log.ts";
