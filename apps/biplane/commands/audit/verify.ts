/** `biplane audit verify` */
import type { AuditPlane, AuditVerdict } from "#foundation/audit";
import { EXIT } from "#foundation/errors";
import type { CommandBody } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { printable, type Terminal } from "../../cli/terminal.ts";
import { counted } from "../../cli/units.ts";
import { type AuditSource, findAuditLogs } from "./logs.ts";

/** Until the answer comes: a hundred million records at 50,000 a second take half an hour. */
const TIMEOUT_MS = 60 * 60 * 1000;

export const auditVerify: CommandBody = async (context) => {
  const { arguments: given, terminal, json, signal } = context;
  const checkpoint = given.text("checkpoint");
  if (checkpoint !== undefined && !/^\d{1,15}:[0-9a-fA-F]{64}$/.test(checkpoint)) {
    throw usageError(
      "A checkpoint is a sequence and a hash of 64 hexadecimal digits, 12:0a1b…, as this command shows it.",
    );
  }
  if (checkpoint !== undefined && given.text("plane") === undefined && given.text("endpoint") === undefined) {
    throw usageError("Which log is the checkpoint of? Say --plane control or --plane data.");
  }
  const verified = await Promise.all(
    (await findAuditLogs(context)).map((source) => verify(source, checkpoint, signal)),
  );
  if (json) terminal.json(verified);
  else for (const one of verified) show(one, terminal);
  return verified.every(({ sound }) => sound) ? EXIT.ok : EXIT.failure;
};

type Verified = { readonly plane: AuditPlane } & AuditVerdict;

async function verify(source: AuditSource, checkpoint: string | undefined, signal: AbortSignal): Promise<Verified> {
  const reply = await source.call("/verify", { checkpoint }, { signal, timeoutMs: TIMEOUT_MS });
  return { plane: source.plane, ...((await reply.json()) as AuditVerdict) };
}

function show(verified: Verified, terminal: Terminal): void {
  const { plane } = verified;
  const name = terminal.tone("bold", plane.padEnd(7));
  if (!verified.sound) {
    const { problem, sequence, message } = verified;
    terminal.line(
      `${name}  ${terminal.tone("bad", "not what was written")}  ${problem} at record ${sequence}: ${printable(message)}`,
    );
    return;
  }
  const { checked, head, firstSequence, checkpoint } = verified;
  const begins = firstSequence === 1 ? "" : `, from record ${firstSequence} on; older ones were past their retention`;
  terminal.line(`${name}  ${terminal.tone("good", "sound")}  ${counted(checked, "record")}${begins}`);
  terminal.line(`         checkpoint ${head.sequence}:${head.hash}`);
  if (checkpoint === "beforeStart") {
    terminal.line(
      `         ${terminal.tone("warn", "the given checkpoint is older than what is kept: nothing is said about it")}`,
    );
  }
}
