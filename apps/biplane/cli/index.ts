/** The command line's machinery: from words to commands, from errors to exit codes. */

export type { Command } from "./command.ts";
export { type CommandLine, runCommandLine } from "./run.ts";
