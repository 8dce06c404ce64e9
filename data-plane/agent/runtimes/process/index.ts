/** Instances as plain processes of this host. */
export { runInstanceProcess } from "./instance-process.ts";
export { openProcessRuntime, type ProcessRuntime, type ProcessRuntimeOptions } from "./process-runtime.ts";
