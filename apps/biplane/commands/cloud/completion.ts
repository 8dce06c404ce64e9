/** `biplane completion` */

import { closest } from "#foundation/errors";
import type { CommandBody } from "../../cli/command.ts";
import { completionScript, SHELLS } from "../../cli/completion.ts";
import { usageError } from "../../cli/errors.ts";
import { ROOT_COMMAND } from "../index.ts";

export const completion: CommandBody = ({ arguments: { positionals }, terminal }) => {
  const typed = positionals[0]!;
  const shell = SHELLS.find((one) => one === typed);
  if (shell === undefined) {
    const better = closest(typed, SHELLS);
    throw usageError(
      `There is no completion for "${typed}".`,
      better === undefined ? `Known: ${SHELLS.join(", ")}.` : `Did you mean ${better}?`,
    );
  }
  terminal.write(completionScript(shell, ROOT_COMMAND));
  return undefined;
};
