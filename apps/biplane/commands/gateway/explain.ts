/** `biplane gateway explain` */
import { DIAGNOSTIC_CODES, explainCode, nearestName } from "#foundation/api-description";
import type { CommandBody } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";

export const gatewayExplain: CommandBody = ({ arguments: { positionals }, terminal, json }) => {
  const [code = ""] = positionals;
  const entry = explainCode(code);
  if (entry === undefined) {
    const nearest = nearestName(code.toUpperCase(), Object.keys(DIAGNOSTIC_CODES));
    throw usageError(`There is no code ${code}.${nearest === undefined ? "" : ` Did you mean ${nearest}?`}`);
  }
  if (json) {
    terminal.json(entry);
    return;
  }
  terminal.line(`${terminal.tone("bold", entry.code)} (${entry.level}): ${entry.title}`);
  terminal.line();
  terminal.line(entry.explanation);
  terminal.line();
  for (const line of entry.example.split("\n")) terminal.line(`    ${line}`.trimEnd());
};
