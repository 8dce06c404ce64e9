/** From the words of a command line to a command and its arguments. Pure. */
import { parseArgs } from "node:util";
import { closest } from "#foundation/errors";
import { type Arguments, type Command, type CommandOption, GLOBAL_OPTIONS } from "./command.ts";
import { usageError } from "./errors.ts";

/** A command with the names that lead to it. */
export interface FoundCommand {
  readonly command: Command;
  /** `["buckets", "create"]` */
  readonly path: readonly string[];
  /** Where in `argv` the names stood. */
  readonly used: ReadonlySet<number>;
}

/**
 * Follows the names in `argv` down the tree. Options may stand anywhere between them.
 *
 * @throws CodedError USAGE for a name that leads nowhere
 */
export function findCommand(root: Command, argv: readonly string[]): FoundCommand {
  const path: string[] = [];
  const used = new Set<number>();
  let command = root;
  for (let index = 0; index < argv.length && command.commands !== undefined; index++) {
    const word = argv[index]!;
    if (word === "--") break;
    if (word.startsWith("-")) {
      if (takesNextWord(word)) index++;
      continue;
    }
    const next = command.commands.find((one) => one.name === word);
    if (next === undefined) throw unknownCommand(word, path, command.commands);
    command = next;
    path.push(word);
    used.add(index);
  }
  return { command, path, used };
}

/** Before the command is known only global options can take a value. */
function takesNextWord(word: string): boolean {
  const option = GLOBAL_OPTIONS.find((one) => `--${one.name}` === word);
  return option?.value !== undefined || word === "--endpoint" || word === "--region";
}

function unknownCommand(word: string, path: readonly string[], commands: readonly Command[]) {
  const names = commands.map((one) => one.name);
  const better = closest(word, names);
  const before = ["biplane", ...path].join(" ");
  return usageError(
    `There is no command "${before} ${word}".`,
    better === undefined ? `Known: ${names.join(", ")}.` : `Did you mean "${before} ${better}"?`,
  );
}

/** The options a command takes, its own first. */
export function optionsOf(command: Command): readonly CommandOption[] {
  return [...(command.options ?? []), ...GLOBAL_OPTIONS];
}

/**
 * Reads the arguments of a found command.
 *
 * @param options.wantsHelp nothing will be run, so nothing needs to be complete
 * @throws CodedError USAGE for unknown or repeated options, missing values, and too few or too many positional arguments
 */
export function readArguments(
  { command, path, used }: FoundCommand,
  argv: readonly string[],
  options: { readonly wantsHelp?: boolean } = {},
): Arguments {
  const known = optionsOf(command);
  const { tokens } = parseArgs({
    args: argv.filter((_, index) => !used.has(index)),
    options: Object.fromEntries(
      known.map(({ name, short, value }) => [
        name,
        { type: value === undefined ? "boolean" : "string", ...(short === undefined ? {} : { short }) } as const,
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const name = ["biplane", ...path].join(" ");
  const values = new Map<string, string | true>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const option = known.find((one) => one.name === token.name);
    if (option === undefined) throw unknownOption(token.rawName, name, known);
    if (values.has(option.name)) throw usageError(`${token.rawName} is given twice.`);
    values.set(option.name, valueOfToken(option, token));
  }
  if (!values.has("help") && options.wantsHelp !== true) checkPositionals(command, name, positionals);
  return {
    positionals,
    text(option) {
      const value = values.get(option);
      return value === true ? undefined : value;
    },
    has: (option) => values.has(option),
    integer(option, minimum, maximum) {
      const text = values.get(option);
      if (text === undefined || text === true) return undefined;
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      if (value >= minimum && value <= maximum) return value;
      throw usageError(`--${option} must be a whole number from ${minimum} to ${maximum}, not "${text}".`);
    },
  };
}

function valueOfToken(
  option: CommandOption,
  token: { readonly rawName: string; readonly value?: string | undefined; readonly inlineValue?: boolean | undefined },
): string | true {
  if (option.value === undefined) {
    if (token.value !== undefined) throw usageError(`${token.rawName} takes no value.`);
    return true;
  }
  const { value } = token;
  if (value === undefined || (value.startsWith("-") && value !== "-" && token.inlineValue !== true)) {
    throw usageError(
      `${token.rawName} needs a value: ${token.rawName} ${option.value}`,
      value === undefined ? undefined : `For a value that begins with a dash, write ${token.rawName}=${value}`,
    );
  }
  if (value === "") throw usageError(`${token.rawName} needs a value that is not empty.`);
  return value;
}

function unknownOption(rawName: string, name: string, known: readonly CommandOption[]) {
  const better = closest(
    rawName.replace(/^-+/, ""),
    known.map((one) => one.name),
  );
  return usageError(
    `"${name}" has no option ${rawName}.`,
    better === undefined ? `See ${name} --help.` : `Did you mean --${better}?`,
  );
}

function checkPositionals(command: Command, name: string, positionals: readonly string[]): void {
  if (command.load === undefined) return;
  const parameters = command.parameters ?? [];
  const required = parameters.filter((parameter) => !parameter.startsWith("["));
  const usage = `Usage: ${[name, ...parameters].join(" ")}`;
  if (positionals.length < required.length) throw usageError(`${required[positionals.length]} is missing.`, usage);
  const rest = parameters.at(-1)?.includes("...") === true;
  if (positionals.length > parameters.length && !rest) {
    throw usageError(`"${positionals[parameters.length]}" is one argument too many.`, usage);
  }
}
