/**
 * WebAssembly modules of others: read, judged, and rewritten so that they can neither run for ever nor take more memory than they are given. Pure; what is refused is said in
 * a sentence.
 */
export { type MeteredModule, type MeterLimits, meterModule } from "./meter-module.ts";
export { type ModuleExport, type ModuleImport, type WasmModule, WasmRefused } from "./module-shape.ts";
export { MODULE_BYTES_MAX, readModule } from "./read-module.ts";
export { type FunctionType, signatureText, type ValueType } from "./value-types.ts";
