/** `biplane admin stuck` and `biplane admin fix` */
import { EXIT } from "#foundation/errors";
import { callApiJson, changeByApi } from "../../cli/api-client.ts";
import type { CommandBody } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { type ApiAccess, findApi } from "../../cli/find-cloud.ts";
import { printable } from "../../cli/terminal.ts";

interface Finding {
  readonly id: string;
  readonly since: string;
  readonly explanation: string;
  readonly remedy?: string;
  readonly advice?: string;
}

const findings = async (access: ApiAccess): Promise<readonly Finding[]> =>
  (await callApiJson<{ readonly items: readonly Finding[] }>(access, { path: "/v1/findings" })).items;

export const listStuck: CommandBody = async (context) => {
  const { terminal, json } = context;
  const items = await findings(findApi(context));
  if (json) terminal.json(items);
  else if (items.length === 0) terminal.line("Nothing is stuck.");
  else {
    for (const { id, explanation, remedy, advice } of items) {
      terminal.line(terminal.tone("bold", printable(id)));
      terminal.line(`  ${printable(explanation)}`);
      if (remedy !== undefined) terminal.line(`  → biplane admin fix '${printable(id)}'   (${printable(remedy)})`);
      if (advice !== undefined) terminal.line(`  → ${printable(advice)}`);
    }
  }
  return items.length === 0 ? EXIT.ok : EXIT.failure;
};

export const fixStuck: CommandBody = async (context) => {
  const { arguments: given, terminal, json } = context;
  const access = findApi(context);
  if (given.has("all") === given.positionals.length > 0)
    throw usageError("Name findings, or say --all.", "biplane admin stuck shows them");
  const ids = given.has("all")
    ? (await findings(access)).filter(({ remedy }) => remedy !== undefined).map(({ id }) => id)
    : given.positionals;
  const fixed: Finding[] = [];
  for (const id of ids) {
    const done = await changeByApi<Finding>(access, "POST", "/v1/findings/remedy", { id });
    fixed.push(done);
    if (!json) terminal.line(`${printable(done.id)}: ${printable(done.remedy ?? "")}`);
  }
  if (json) terminal.json(fixed);
  else if (fixed.length === 0) terminal.line("Nothing has a remedy.");
  return EXIT.ok;
};
