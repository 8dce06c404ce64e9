/** For tests of engines: processes that are killed in the middle of their work. */
export { killAfterLines } from "./kill-after-lines.ts";
