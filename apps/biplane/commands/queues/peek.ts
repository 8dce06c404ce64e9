/** `biplane queues peek` */
import { readOperatorToken } from "#apps/biplane/state";
import { httpRequest } from "#foundation/http";
import type { CommandBody } from "../../cli/command.ts";
import { cliErrors } from "../../cli/errors.ts";
import { dataDirectoryOf } from "../../cli/find-cloud.ts";
import { printable } from "../../cli/terminal.ts";
import { tableLines } from "../../cli/text-table.ts";
import { localTime } from "../../cli/units.ts";
import { arnOf, clientOf, findQueue } from "./client.ts";

const LIMIT_DEFAULT = 10;
const LIMIT_MAX = 100;

/** As the operator's endpoint gives it. */
interface Peeked {
  readonly messageId: string;
  readonly state: "visible" | "inFlight" | "delayed";
  readonly body: string;
  readonly sentAt: number;
  readonly receiveCount: number;
  readonly groupId?: string;
}

const STATES: Readonly<Record<Peeked["state"], string>> = {
  visible: "visible",
  inFlight: "in flight",
  delayed: "delayed",
};

export const peek: CommandBody = async (context) => {
  const { terminal, json, arguments: given, signal } = context;
  const limit = given.integer("limit", 1, LIMIT_MAX) ?? LIMIT_DEFAULT;
  const client = clientOf(context);
  // Whoever may see the queue; the endpoint answers for the others as SQS does.
  const arn = await arnOf(client, await findQueue(client, given.positionals[0]!, signal), signal);
  const token = readOperatorToken(dataDirectoryOf(context));
  const reply = await httpRequest({
    url: `${client.access.url}/_biplane/peek?${new URLSearchParams({ queue: arn, limit: String(limit) })}`,
    headers: [["authorization", `Bearer ${token ?? ""}`]],
    signal,
  });
  const answer = reply.status === 200 ? await reply.json(BYTES_MAX) : undefined;
  const messages =
    typeof answer === "object" && answer !== null && "messages" in answer && Array.isArray(answer.messages)
      ? (answer.messages as readonly Peeked[])
      : undefined;
  if (messages === undefined) {
    throw cliErrors.error(
      "NOT_SUPPORTED",
      `${client.access.url} does not let its messages be looked at: it is not a Biplane on this machine.`,
    );
  }
  if (json) for (const message of messages) terminal.json(message);
  else if (messages.length === 0) terminal.note("The queue is empty.");
  else {
    const columns = [
      { title: "SENT", cell: (message: Peeked) => localTime(message.sentAt) },
      { title: "STATE", cell: (message: Peeked) => STATES[message.state] },
      { title: "RECEIVED", align: "right", cell: (message: Peeked) => String(message.receiveCount) },
      { title: "BODY", cell: (message: Peeked) => printable(shortened(message.body)) },
    ] as const;
    for (const line of tableLines(columns, messages, (text) => terminal.tone("bold", text))) terminal.line(line);
  }
  return undefined;
};

/** A hundred messages of a megabyte, each character of which may take six in JSON. */
const BYTES_MAX = 640 * 1024 * 1024;

/** What fits beside the other columns; --json has the whole. */
const SHOWN_MAX = 60;

const shortened = (body: string): string => (body.length > SHOWN_MAX ? `${body.slice(0, SHOWN_MAX - 1)}…` : body);
