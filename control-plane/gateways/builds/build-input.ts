/** What a build is given and gives: plain data, which goes from thread to thread. */
import type { BuildDiagnostic, BuildOptions } from "#contracts";

export interface InputSpec {
  readonly name: string;
  /** Bytes by path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly descriptions: readonly string[];
}

export interface BuildInput {
  /** All in one folder. */
  readonly specs: readonly InputSpec[];
  readonly options: BuildOptions;
  /** Version of the compiler: of this program. */
  readonly compiler: string;
}

export interface BuildOutput {
  /** The first of them, errors before others. */
  readonly diagnostics: readonly BuildDiagnostic[];
  readonly errors: number;
  readonly warnings: number;
  /** Absent where there are errors. */
  readonly artifact?: { readonly bytes: Uint8Array; readonly digest: string; readonly operations: number };
  /** What is wrong, where no diagnostic says it. */
  readonly message?: string;
}

/** @throws an error, which says in words why there is no outcome; AbortError by the signal */
export type CompileBuild = (input: BuildInput, signal: AbortSignal) => Promise<BuildOutput>;
