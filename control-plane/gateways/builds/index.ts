/** Builds: compile jobs that are carried out one after the other, off the thread that decides, and that survive its end. */

export type { BuildInput, BuildOutput, CompileBuild, InputSpec } from "./build-input.ts";
export { type BuildRunner, createBuildRunner } from "./build-runner.ts";
export { createCompileThreads } from "./compile-thread.ts";
