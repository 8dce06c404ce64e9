/** `biplane queues list` */
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import type { JsonClient } from "../../cli/json-client.ts";
import { printable } from "../../cli/terminal.ts";
import { tableLines } from "../../cli/text-table.ts";
import { attributesOf, clientOf, nameOfUrl } from "./client.ts";

interface Row {
  readonly name: string;
  readonly url: string;
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** Queues are asked for their counts side by side, so many at a time. */
const SIDE_BY_SIDE = 16;
const PAGE = 1000;

export const listQueues: CommandBody = async (context) => {
  const { terminal, json, signal } = context;
  const client = clientOf(context);
  const rows: Row[] = [];
  for await (const url of urlsOf(context, client))
    rows.push({ name: nameOfUrl(url), url, visible: 0, inFlight: 0, delayed: 0 });
  for (let start = 0; start < rows.length; start += SIDE_BY_SIDE) {
    const some = rows.slice(start, start + SIDE_BY_SIDE);
    const counted = await Promise.all(some.map((row) => withCounts(client, row, signal)));
    rows.splice(start, counted.length, ...counted);
  }
  if (json) terminal.json(rows);
  else if (rows.length === 0) terminal.note("There are none. Make one: biplane queues create NAME");
  else {
    const count = (title: string, of: (row: Row) => number) =>
      ({ title, align: "right", cell: (row: Row) => String(of(row)) }) as const;
    const columns = [
      { title: "NAME", cell: (row: Row) => printable(row.name) },
      count("VISIBLE", (row) => row.visible),
      count("IN FLIGHT", (row) => row.inFlight),
      count("DELAYED", (row) => row.delayed),
    ];
    for (const line of tableLines(columns, rows, (text) => terminal.tone("bold", text))) terminal.line(line);
  }
  return undefined;
};

async function* urlsOf({ arguments: given, signal }: CommandContext, client: JsonClient): AsyncGenerator<string> {
  let NextToken: string | undefined;
  do {
    const input = { QueueNamePrefix: given.text("prefix"), MaxResults: PAGE, NextToken };
    const page = await client.call<{ QueueUrls?: readonly string[]; NextToken?: string }>("ListQueues", input, {
      signal,
    });
    yield* page.QueueUrls ?? [];
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
}

async function withCounts(client: JsonClient, row: Row, signal: AbortSignal): Promise<Row> {
  const attributes = await attributesOf(client, row, ["All"], signal);
  return {
    ...row,
    visible: Number(attributes.ApproximateNumberOfMessages),
    inFlight: Number(attributes.ApproximateNumberOfMessagesNotVisible),
    delayed: Number(attributes.ApproximateNumberOfMessagesDelayed),
  };
}
