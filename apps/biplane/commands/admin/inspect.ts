/** `biplane admin inspect` */
import type { EventEnvelope } from "#contracts";
import { callApiJson } from "../../cli/api-client.ts";
import type { CommandBody } from "../../cli/command.ts";
import { findApi } from "../../cli/find-cloud.ts";
import { printable } from "../../cli/terminal.ts";
import { localTime } from "../../cli/units.ts";

interface Inspected {
  readonly event: EventEnvelope;
  readonly state?: Readonly<Record<string, unknown>> | null;
  readonly problem?: string;
}

export const inspect: CommandBody = async (context) => {
  const { arguments: given, terminal, json } = context;
  const [type, id] = given.positionals.map(encodeURIComponent) as [string, string];
  const { items } = await callApiJson<{ readonly items: readonly Inspected[] }>(findApi(context), {
    path: `/v1/aggregates/${type}/${id}`,
  });
  if (json) {
    terminal.json(items);
    return undefined;
  }
  let before: Readonly<Record<string, unknown>> = {};
  for (const { event, state, problem } of items) {
    const head = `#${event.aggregateSequence}  event ${event.id}  ${localTime(event.occurredAt)}`;
    terminal.line(`${terminal.tone("bold", head)}  ${event.type}  by ${printable(event.actor)}`);
    if (problem !== undefined) terminal.line(`    ${terminal.tone("bad", "cannot be folded")}: ${printable(problem)}`);
    else if (state === null) terminal.line("    there is none any more");
    else {
      for (const line of differences(before, state!)) terminal.line(`    ${line}`);
      before = state!;
    }
  }
  return undefined;
};

/** Members that the event has changed, as they are after it. */
function differences(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): readonly string[] {
  const same = (name: string) => JSON.stringify(before[name]) === JSON.stringify(after[name]);
  const changed = Object.keys(after).filter((name) => !same(name) && name !== "updatedAt");
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
  return [
    ...changed.map((name) => `${name}: ${printable(JSON.stringify(after[name]))}`),
    ...gone.map((name) => `${name}: (none any more)`),
  ];
}
