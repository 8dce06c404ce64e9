/** `biplane events tail` */
import type { EventEnvelope } from "#contracts";
import { callApi, callApiJson } from "../../cli/api-client.ts";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { type ApiAccess, findApi } from "../../cli/find-cloud.ts";
import { printable, type Terminal } from "../../cli/terminal.ts";
import { localTime } from "../../cli/units.ts";

const LAST_DEFAULT = 10;
const LAST_MAX = 1_000_000;
/** The API's largest page. */
const PAGE = 1000;
/** Silence is broken every 15 s by an empty line; twice that and the connection is dead. */
const SILENCE_MS_MAX = 35_000;

interface Page {
  readonly items: readonly EventEnvelope[];
  readonly head: number;
}

export const eventsTail: CommandBody = async (context) => {
  const { arguments: given } = context;
  const after = given.integer("after", 0, Number.MAX_SAFE_INTEGER);
  const limit = given.integer("limit", 0, LAST_MAX);
  const access = findApi(context);
  const start = after ?? (await nearTheEnd(access, limit ?? LAST_DEFAULT));
  if (given.has("follow")) await follow(context, access, start);
  // After a given event: all there are, or as many as were asked for.
  else await printPages(context, access, start, after === undefined ? undefined : limit);
  return undefined;
};

/** The cursor after which the last `count` events come. */
async function nearTheEnd(access: ApiAccess, count: number): Promise<number> {
  const { head } = await callApiJson<Page>(access, { path: "/v1/events", query: { after: 0, limit: 1 } });
  return Math.max(0, head - count);
}

async function printPages(
  { terminal, json }: CommandContext,
  access: ApiAccess,
  start: number,
  limit: number | undefined,
): Promise<void> {
  let left = limit ?? Number.POSITIVE_INFINITY;
  for (let after = start; left > 0; ) {
    const page = await callApiJson<Page>(access, { path: "/v1/events", query: { after, limit: Math.min(PAGE, left) } });
    for (const event of page.items) print(event, terminal, json);
    const last = page.items.at(-1);
    if (last === undefined || last.id >= page.head) return;
    after = last.id;
    left -= page.items.length;
  }
}

async function follow({ terminal, json, signal }: CommandContext, access: ApiAccess, after: number): Promise<void> {
  try {
    const reply = await callApi(access, {
      path: "/v1/events",
      query: { after, follow: true },
      signal,
      timeoutMs: SILENCE_MS_MAX,
    });
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of reply.body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line !== "") print(JSON.parse(line) as EventEnvelope, terminal, json);
    }
  } catch (error) {
    // Interrupting is how following ends.
    if (!signal.aborted) throw error;
  }
}

function print(event: EventEnvelope, terminal: Terminal, json: boolean): void {
  if (json) {
    terminal.json(event);
    return;
  }
  const subject = printable(subjectOf(event));
  terminal.line(
    `${terminal.tone("dim", String(event.id).padStart(6))}  ${localTime(event.occurredAt)}  ${terminal.tone("bold", event.type.padEnd(18))}  ${subject}  ${terminal.tone("dim", printable(event.actor))}`,
  );
}

/** What the event is about, in the words of its payload. */
function subjectOf({ payload, aggregateId }: EventEnvelope): string {
  if ("section" in payload) return `${payload.name} ${payload.section}${payload.value === null ? " removed" : ""}`;
  if ("email" in payload) return payload.email;
  if ("name" in payload && payload.name !== undefined && payload.name !== null) {
    return "accountId" in payload ? `${payload.name} (${payload.accountId})` : payload.name;
  }
  if ("accessKeyId" in payload) {
    return "status" in payload ? `${payload.accessKeyId} ${payload.status}` : payload.accessKeyId;
  }
  if ("sections" in payload && "accountId" in payload) {
    return `${aggregateId} (${payload.accountId}) ${Object.keys(payload.sections).join(", ")}`;
  }
  return aggregateId;
}
