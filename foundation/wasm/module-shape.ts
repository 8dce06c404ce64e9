/** What is known of a module that was read. */
import type { FunctionType } from "./value-types.ts";

/** A module that is not taken. The message goes on after "the module is refused: ". */
export class WasmRefused extends Error {
  override readonly name = "WasmRefused";
}

/** Only functions can be imported: a module that shares memory, tables or globals with others is refused. */
export interface ModuleImport {
  readonly module: string;
  readonly name: string;
  readonly type: FunctionType;
}

export interface ModuleExport {
  readonly name: string;
  readonly kind: "function" | "table" | "memory" | "global";
  readonly index: number;
  /** Of a function. */
  readonly type?: FunctionType;
}

export interface Limits {
  readonly min: number;
  readonly max: number | undefined;
}

/** Octets of the module: from `start` up to `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface TableShape extends Limits {
  readonly element: number;
}

export interface GlobalShape {
  readonly type: string;
  readonly isMutable: boolean;
}

/** A function's program. */
export interface BodyShape {
  /** All of it, behind its length. */
  readonly span: Span;
  /** Where the instructions begin. */
  readonly codeAt: number;
  /** Where the groups of locals begin, behind their count. */
  readonly groupsAt: number;
  readonly groups: number;
  /** Locals, without parameters. */
  readonly locals: number;
  readonly params: number;
}

export interface WasmModule {
  readonly bytes: Uint8Array;
  /** By id; custom ones are left out. */
  readonly sections: ReadonlyMap<number, Span>;
  readonly imports: readonly ModuleImport[];
  readonly exports: readonly ModuleExport[];
  readonly tables: readonly TableShape[];
  /** In pages of 64 KiB; undefined: it has no memory. */
  readonly memory: Limits | undefined;
  readonly globals: readonly GlobalShape[];
  readonly bodies: readonly BodyShape[];
  /** Index of the function that runs first. */
  readonly start: number | undefined;
}
