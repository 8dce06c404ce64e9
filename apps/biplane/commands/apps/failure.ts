/** What people need when something has failed: why, and the last that programs have said. */
import { callApiJson } from "../../cli/api-client.ts";
import type { CommandContext } from "../../cli/command.ts";
import { printable } from "../../cli/terminal.ts";
import type { Instance, LogLine } from "./shapes.ts";
import { allItems, type EnvTarget } from "./target.ts";

const LINES = 15;

export async function showFailure({ terminal }: CommandContext, { access, envPath }: EnvTarget): Promise<void> {
  const instances = await allItems<Instance>(access, `${envPath}/instances`);
  const broken = instances.find(({ status, reason }) => status === "failed" || reason !== undefined);
  if (broken === undefined) return;
  const { id, process_type: type, status, reason, detail } = broken;
  terminal.note(
    `  ${type} ${id} is ${status}${reason === undefined ? "" : ` (${reason}${detail === undefined ? "" : `: ${printable(detail)}`})`}`,
  );
  const { items } = await callApiJson<{ readonly items: readonly LogLine[] }>(access, {
    path: `${envPath}/logs`,
    query: { instance_id: id, tail_lines: LINES },
  });
  for (const { line } of items) terminal.note(terminal.tone("dim", `  | ${printable(line)}`));
}
