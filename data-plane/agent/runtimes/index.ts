/** Ways to run instances: one interface, the runtimes `process` and `container`. */
export { type ContainerRuntimeOptions, type ImageUser, imageUser, openContainerRuntime } from "./container/index.ts";
export { RUNTIME_ERRORS, type RuntimeError, type RuntimeErrorCode } from "./errors.ts";
export {
  openProcessRuntime,
  type ProcessRuntime,
  type ProcessRuntimeOptions,
  runInstanceProcess,
} from "./process/index.ts";
export type { ExitReason } from "./rules/exit-reason.ts";
export type { InstancePhase } from "./rules/instance-state.ts";
export { LINE_BYTES_MAX, type LogLine, type LogStream } from "./rules/log-record.ts";
export { isSignalName, SIGNALS, type SignalName } from "./rules/signals.ts";
export type {
  Capabilities,
  ExecExit,
  ExecSession,
  ExecSpec,
  InstanceStats,
  InstanceStatus,
  IsolationClass,
  LogLimits,
  LogLoss,
  LogQuery,
  Measured,
  RunExit,
  Runtime,
  RuntimeMount,
  RuntimeSpec,
} from "./runtime.ts";
