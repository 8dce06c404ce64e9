/** Small files of a program's own, and a lock that keeps others out of them. */
export { readFileIfThere, writePrivateFile } from "./private-file.ts";
export { type ProcessLock, ProcessLocked, takeProcessLock } from "./process-lock.ts";
