/** `biplane audit tail` */
import type { AuditCheckpoint, AuditEntry } from "#foundation/audit";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { type AuditSource, findAuditLogs, newestRecords } from "./logs.ts";
import { showRecord } from "./show-record.ts";

const LAST_DEFAULT = 10;
const LAST_MAX = 100_000;
/** Silence is broken every 15 s by an empty line; twice that and the connection is dead. */
const SILENCE_MS_MAX = 35_000;

export const auditTail: CommandBody = async (context) => {
  const { arguments: given } = context;
  const limit = given.integer("limit", 0, LAST_MAX) ?? LAST_DEFAULT;
  const sources = await findAuditLogs(context);
  if (!given.has("follow")) {
    await showLast(context, sources, limit);
    return undefined;
  }
  // Where each log ends now: what is shown first ends there, what is followed begins there.
  const heads = await Promise.all(sources.map(headOf));
  await showLast(context, sources, limit, heads);
  try {
    await Promise.all(sources.map((source, index) => follow(context, source, heads[index]!)));
  } catch (error) {
    // Interrupting is how following ends.
    if (!context.signal.aborted) throw error;
  }
  return undefined;
};

async function headOf(source: AuditSource): Promise<number> {
  return ((await (await source.call("/head", {})).json()) as AuditCheckpoint).sequence;
}

/** The last records of all logs, the newest last. */
async function showLast(
  { terminal, json }: CommandContext,
  sources: readonly AuditSource[],
  limit: number,
  heads?: readonly number[],
): Promise<void> {
  const entries: AuditEntry[] = [];
  for await (const entry of newestRecords(sources, {}, limit)) {
    const head = heads?.[sources.findIndex(({ plane }) => plane === entry.plane)];
    if (head === undefined || entry.sequence <= head) entries.push(entry);
  }
  for (const entry of entries.reverse()) showRecord(entry, terminal, json);
}

async function follow({ terminal, json, signal }: CommandContext, source: AuditSource, after: number): Promise<void> {
  const reply = await source.call("/tail", { after }, { signal, timeoutMs: SILENCE_MS_MAX });
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of reply.body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") showRecord(JSON.parse(line) as AuditEntry, terminal, json);
  }
}
