/** How shells set variables. */
import type { Arguments } from "./command.ts";
import { usageError } from "./errors.ts";

type Assign = (name: string, value: string) => string;

/** Within single quotes POSIX shells take everything but the quote itself, fish also minds backslashes. */
const ASSIGN: Readonly<Record<string, Assign | undefined>> = {
  sh: (name, value) => `export ${name}='${value.replaceAll("'", "'\\''")}'`,
  fish: (name, value) => `set -gx ${name} '${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`,
};

/** Of the shell that `--shell` names. @throws CodedError USAGE */
export function shellAssignment({ text }: Arguments): Assign {
  const shell = text("shell") ?? "sh";
  const assign = Object.hasOwn(ASSIGN, shell) ? ASSIGN[shell] : undefined;
  if (assign !== undefined) return assign;
  throw usageError(`--shell must be one of ${Object.keys(ASSIGN).join(", ")}, not "${shell}".`);
}
