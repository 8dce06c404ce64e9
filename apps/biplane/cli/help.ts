/** Help texts, made from the table of commands. Pure. */
import { type Command, type CommandOption, GLOBAL_OPTIONS } from "./command.ts";

/** How parts of a help text are set off. */
export type Emphasis = (text: string) => string;

/** @param path the names that lead to the command, without `biplane` */
export function helpText(command: Command, path: readonly string[], bold: Emphasis): string {
  const name = ["biplane", ...path].join(" ");
  const sections: string[] = [path.length === 0 ? command.summary : `${command.summary}.`];
  const parameters = command.commands === undefined ? (command.parameters ?? []) : ["COMMAND"];
  sections.push(`${bold("Usage:")} ${[name, ...parameters, "[OPTIONS]"].join(" ")}`);
  if (command.commands !== undefined) {
    sections.push(
      section(
        bold("Commands:"),
        command.commands.map((one) => [commandColumn(one), one.summary]),
      ),
    );
  }
  if (command.options !== undefined && command.options.length > 0) {
    sections.push(section(bold("Options:"), command.options.map(optionRow)));
  }
  sections.push(section(bold("Options of every command:"), GLOBAL_OPTIONS.map(optionRow)));
  if (command.notes !== undefined) sections.push(command.notes.join("\n"));
  if (command.examples !== undefined) {
    sections.push(
      section(
        bold("Examples:"),
        command.examples.map(([line, meaning]) => [line, meaning]),
      ),
    );
  }
  if (command.commands !== undefined) sections.push(`More about one: ${name} COMMAND --help`);
  return sections.join("\n\n");
}

function commandColumn({ name, parameters, commands }: Command): string {
  return [name, ...(commands === undefined ? (parameters ?? []) : ["…"])].join(" ");
}

function optionRow({ name, short, value, help }: CommandOption): readonly [string, string] {
  const long = `--${name}${value === undefined ? "" : ` ${value}`}`;
  return [short === undefined ? `    ${long}` : `-${short}, ${long}`, help];
}

function section(title: string, rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return [title, ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)].join("\n");
}
