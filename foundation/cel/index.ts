/** Expressions in CEL, the Common Expression Language: compiled once, evaluated for values. */
export { type CelOptions, type CelProgram, compileCel } from "./compile.ts";
export { CelSyntaxError } from "./lexer.ts";
export { CelError, CelMap, CelType, type CelValue, Duration, Timestamp, Uint } from "./values.ts";
