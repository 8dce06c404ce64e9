/** `biplane gateway diff` */
import { diffPlans } from "#control-plane/gateways";
import { EXIT } from "#foundation/errors";
import type { CommandBody } from "../../cli/command.ts";
import { printable } from "../../cli/terminal.ts";
import { artifactOf } from "./artifact-argument.ts";

const TONES = { breaking: "bad", unclear: "warn", compatible: "good" } as const;

export const gatewayDiff: CommandBody = ({ arguments: { positionals }, terminal, json }) => {
  const [before = "", after = ""] = positionals;
  const changes = diffPlans(artifactOf(before).plan, artifactOf(after).plan);
  const isBreaking = changes.some(({ kind }) => kind === "breaking");
  if (json) terminal.json({ breaking: isBreaking, changes });
  else {
    for (const { kind, message } of changes) {
      terminal.line(`${terminal.tone(TONES[kind], kind.padEnd(10))}  ${printable(message)}`);
    }
    if (changes.length === 0) terminal.line("Nothing that callers would notice is different.");
  }
  return isBreaking ? EXIT.failure : EXIT.ok;
};
