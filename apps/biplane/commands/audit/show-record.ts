/** One record for people, or for programs. */
import type { AuditDecision, AuditEntry } from "#foundation/audit";
import { printable, type Terminal, type Tone } from "../../cli/terminal.ts";
import { localTime } from "../../cli/units.ts";

const TONES: Readonly<Record<AuditDecision, Tone>> = { allowed: "good", denied: "bad", failed: "warn" };

export function showRecord(entry: AuditEntry, terminal: Terminal, json: boolean): void {
  if (json) terminal.json(entry);
  else terminal.line(recordLine(entry, (tone, text) => terminal.tone(tone, text)));
}

/** `2026-01-31 12:00:00  data     denied   s3:GetObject  arn:…:user/ada  arn:aws:s3:::photos/a.jpg  No statement allows it. (12 times)` */
export function recordLine(entry: AuditEntry, tone: (tone: Tone, text: string) => string): string {
  const { at, plane, decision, action, actor, resource, reason, count } = entry;
  const times = count === undefined ? "" : ` (${count} times)`;
  return [
    localTime(at),
    plane.padEnd(7),
    tone(TONES[decision], decision.padEnd(7)),
    tone("bold", printable(action)),
    printable(actor.id),
    ...(resource === undefined ? [] : [printable(resource)]),
    tone("dim", `${printable(reason)}${times}`),
  ].join("  ");
}
