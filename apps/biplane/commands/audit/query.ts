/** `biplane audit query` */
import type { Arguments, CommandBody } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { parseSeconds } from "../../cli/units.ts";
import { findAuditLogs, newestRecords } from "./logs.ts";
import { showRecord } from "./show-record.ts";

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000_000;

export const auditQuery: CommandBody = async (context) => {
  const { arguments: given, terminal, json } = context;
  const limit = given.integer("limit", 1, LIMIT_MAX) ?? LIMIT_DEFAULT;
  const now = Date.now();
  const query = {
    actor: given.text("actor"),
    accountId: given.text("account"),
    accessKeyId: given.text("access-key"),
    action: given.text("action"),
    decision: given.text("decision"),
    category: given.text("category"),
    resource: given.text("resource"),
    requestId: given.text("request"),
    from: timeOf(given, "since", now),
    to: timeOf(given, "until", now),
  };
  const sources = await findAuditLogs(context);
  for await (const entry of newestRecords(sources, query, limit)) showRecord(entry, terminal, json);
  return undefined;
};

/** How long ago, or a time that the logs understand. */
function timeOf(given: Arguments, name: "since" | "until", now: number): string | undefined {
  const text = given.text(name);
  if (text === undefined) return undefined;
  const seconds = parseSeconds(text);
  if (seconds !== undefined) return String(now - seconds * 1000);
  if (/^\d{4}-\d\d-\d\d/.test(text)) return text;
  throw usageError(
    `--${name} is how long ago (15m, 12h, 7d), a date (2026-01-31) or a time with its zone (2026-01-31T12:00:00Z), not "${text}".`,
  );
}
