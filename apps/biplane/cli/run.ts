/** Runs one command line from its words to its exit code. */
import { type CodedError, EXIT, type ExitCode, errorObject, exitCodeOf } from "#foundation/errors";
import type { Command, CommandContext } from "./command.ts";
import { explainError } from "./explain-error.ts";
import { helpText } from "./help.ts";
import { findCommand, readArguments } from "./parse.ts";
import { NobodyReads, printable, processTerminal, type Terminal } from "./terminal.ts";

export interface CommandLine {
  /** The words after the program's name. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The program's version. */
  readonly version: string;
  /** The tree of commands. */
  readonly root: Command;
}

/**
 * Runs a command and returns its exit code. Never rejects: whatever goes wrong is printed, for people on standard error, and with `--json` as an
 * error object on standard output as well.
 */
export async function runCommandLine(commandLine: CommandLine): Promise<number> {
  const { argv, environment, root } = commandLine;
  // Known before the command is, so that a mistake in the command itself is told in the form that was asked for.
  const json = argv.includes("--json");
  const terminal = processTerminal({ color: !argv.includes("--no-color"), environment });
  try {
    const { argv: words, wantsHelp } = withoutHelpCommand(argv);
    const found = findCommand(root, words);
    const parsed = readArguments(found, words, { wantsHelp });
    const { command, path } = found;
    if (parsed.has("version")) {
      terminal.line(commandLine.version);
      return EXIT.ok;
    }
    if (wantsHelp || parsed.has("help") || (command.load === undefined && parsed.positionals.length === 0)) {
      // Asked for, help is the answer; instead of a command that was left out, it is a complaint.
      const asked = wantsHelp || parsed.has("help") || argv.length === 0;
      const text = helpText(command, path, (title) => terminal.tone("bold", title));
      if (asked) terminal.line(text);
      else terminal.note(text);
      return asked ? EXIT.ok : EXIT.usage;
    }
    const body = await command.load!();
    const context: CommandContext = {
      arguments: parsed,
      terminal,
      environment,
      json,
      version: commandLine.version,
      get signal() {
        return interruption();
      },
    };
    return (await body(context)) ?? EXIT.ok;
  } catch (error) {
    if (error instanceof NobodyReads) return EXIT.ok;
    return report(explainError(error), { json, terminal, environment });
  }
}

/** `biplane help buckets create` means `biplane buckets create --help`. */
function withoutHelpCommand(argv: readonly string[]): {
  readonly argv: readonly string[];
  readonly wantsHelp: boolean;
} {
  return argv[0] === "help" ? { argv: argv.slice(1), wantsHelp: true } : { argv, wantsHelp: false };
}

function report(
  error: CodedError,
  {
    json,
    terminal,
    environment,
  }: { readonly json: boolean; readonly terminal: Terminal; readonly environment: CommandLine["environment"] },
): ExitCode {
  try {
    if (json) terminal.json(errorObject(error));
    // The words of a server, or of a name that somebody chose: shown, never obeyed.
    const message = error.message.split("\n").map(printable).join("\n");
    terminal.note(`biplane: ${message}`);
    const { cause } = error;
    if (error.code === "INTERNAL" && cause !== undefined) {
      terminal.note(cause instanceof Error ? `  ${cause.name}: ${cause.message}` : `  ${String(cause)}`);
      terminal.note("  This is a bug in Biplane. Set BIPLANE_DEBUG=1 to see where it happened.");
    }
    if ((environment.BIPLANE_DEBUG ?? "") !== "" && cause instanceof Error) terminal.note(cause.stack ?? "");
  } catch (failure) {
    if (!(failure instanceof NobodyReads)) throw failure;
  }
  return exitCodeOf(error);
}

let interrupted: AbortController | undefined;

/** Exit code of a program that SIGINT has ended (128 + 2), for whoever does not want to wait for the end in good order. */
const INTERRUPTED = 130;

/** Aborted by the first SIGINT or SIGTERM; a second one ends the program at once. Installed only for commands that ask for it. */
function interruption(): AbortSignal {
  if (interrupted === undefined) {
    const controller = new AbortController();
    interrupted = controller;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        if (controller.signal.aborted) process.exit(INTERRUPTED);
        controller.abort();
      });
    }
  }
  return interrupted.signal;
}
