/** `biplane manifest fmt` */
import { realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { EXIT } from "#foundation/errors";
import { formatManifestText } from "#foundation/manifest";
import type { CommandBody } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { printable } from "../../cli/terminal.ts";
import { readManifestFile } from "./manifest-file.ts";
import { showProblems } from "./show-problems.ts";

export const manifestFmt: CommandBody = ({ arguments: given, terminal, json }) => {
  const check = given.has("check");
  const write = given.has("write");
  if (check && write) throw usageError("--check changes nothing, --write does: give one of them.");
  const file = readManifestFile(given.positionals[0]);
  if (write && file.path === undefined) throw usageError("Standard input cannot be changed; leave out --write.");
  const { text, problem } = formatManifestText(file.text);
  if (text === undefined) {
    if (json) terminal.json({ file: file.name, problems: [problem] });
    else showProblems(file, [problem], terminal);
    return EXIT.failure;
  }
  const changed = text !== file.text;
  if (write && changed) replace(file.path!, text);
  if (json) terminal.json({ file: file.name, changed, ...(check || write ? {} : { text }) });
  else if (write) terminal.line(`${printable(file.name)} ${changed ? "is laid out anew" : "was laid out already"}`);
  else if (!check) terminal.write(text);
  else if (changed) terminal.note(`${printable(file.name)} is not laid out; \`biplane manifest fmt --write\` does it.`);
  return check && changed ? EXIT.failure : EXIT.ok;
};

/** The old text or the new one, whatever happens between. */
function replace(given: string, text: string): void {
  // A link stays one.
  const path = realpathSync(given);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text, { mode: statSync(path).mode & 0o777, flag: "wx", flush: true });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
