/** What a command of the command line is. Everything here is cheap to load; what a command does is loaded when it runs. */
import type { Terminal } from "./terminal.ts";

/** One option. Long names only are permanent; a short one is a convenience. */
export interface CommandOption {
  readonly name: string;
  readonly short?: string;
  /** What stands for the value in help texts, `DIR`; absent for a switch. */
  readonly value?: string;
  readonly help: string;
}

/** One command, or a group of commands. */
export interface Command {
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** Names of positional arguments: `NAME`, `[NAME]` when it may be missing. */
  readonly parameters?: readonly string[];
  readonly options?: readonly CommandOption[];
  /** Complete command lines with what they do. */
  readonly examples?: readonly (readonly [commandLine: string, meaning: string])[];
  /** More to know, in whole sentences. */
  readonly notes?: readonly string[];
  readonly commands?: readonly Command[];
  /** Loads what the command does. Absent for groups. */
  readonly load?: () => Promise<CommandBody>;
}

/** What a command does. The number is the exit code; nothing means 0. */
export type CommandBody = (context: CommandContext) => Promise<number | undefined> | number | undefined;

/** The arguments of a command, checked against its options and parameters. */
export interface Arguments {
  /** Positional argument by place; undefined when it was left out. */
  readonly positionals: readonly string[];
  /** Value of an option, or undefined. */
  text(name: string): string | undefined;
  /** Whether a switch was given. */
  has(name: string): boolean;
  /** Value of an option as a whole number in a range. @throws CodedError USAGE */
  integer(name: string, minimum: number, maximum: number): number | undefined;
}

/** Everything a command may use. */
export interface CommandContext {
  readonly arguments: Arguments;
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Print JSON for programs instead of text for people. */
  readonly json: boolean;
  readonly version: string;
  /** Aborted by the first SIGINT. */
  readonly signal: AbortSignal;
}

/** Options that every command takes. */
export const GLOBAL_OPTIONS: readonly CommandOption[] = [
  { name: "data", value: "DIR", help: "The cloud's data directory (BIPLANE_DATA)" },
  { name: "json", help: "Print JSON for programs" },
  { name: "no-color", help: "Print without colours (NO_COLOR)" },
  { name: "help", short: "h", help: "Show help" },
];

/** For commands that talk to a cloud which may be elsewhere. */
export const ENDPOINT_OPTIONS: readonly CommandOption[] = [
  { name: "endpoint", value: "URL", help: "Talk to this control API instead (token from BIPLANE_TOKEN)" },
];

/** The same for commands that speak to an AWS service: S3, DynamoDB, SQS. */
export const AWS_ENDPOINT_OPTIONS: readonly CommandOption[] = [
  { name: "endpoint", value: "URL", help: "Talk to this AWS endpoint instead (keys from AWS_ACCESS_KEY_ID …)" },
  { name: "region", value: "REGION", help: "Region to sign for (AWS_REGION)" },
];

/** For commands that print something for a shell to take in. */
export const SHELL_OPTION: CommandOption = {
  name: "shell",
  value: "SHELL",
  help: "sh (also bash, zsh) or fish (sh)",
};

/** For commands about an org. */
export const ORG_OPTIONS: readonly CommandOption[] = [
  { name: "org", value: "ORG", help: "The org: its id, name or alias (BIPLANE_ORG; yours, if there is one)" },
  ...ENDPOINT_OPTIONS,
];
