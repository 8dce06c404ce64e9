/** `biplane instances`, `status`, `why`, `logs` */
import { callApi, callApiJson, changeByApi } from "../../cli/api-client.ts";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { printable, type Terminal, type Tone } from "../../cli/terminal.ts";
import { tableLines } from "../../cli/text-table.ts";
import { localTime } from "../../cli/units.ts";
import { printDone, printItems } from "../identity/listing.ts";
import type { EnvStatus, Instance, LogLine } from "./shapes.ts";
import { allItems, findEnv, targetText } from "./target.ts";

const TONES: Readonly<Record<string, Tone>> = {
  ready: "good",
  healthy: "good",
  failed: "bad",
  failing: "bad",
  unready: "warn",
  degraded: "warn",
  draining: "dim",
  stopped: "dim",
  idle: "dim",
};

const toned = (terminal: Terminal, word: string): string => {
  const tone = TONES[word];
  return tone === undefined ? word : terminal.tone(tone, word);
};

export const listInstances: CommandBody = async (context) => {
  const { access, envPath } = await findEnv(context);
  const { terminal } = context;
  return printItems(context, await allItems<Instance>(access, `${envPath}/instances`), [
    { title: "INSTANCE", cell: ({ id }) => id },
    { title: "PROCESS", cell: ({ process_type: type }) => type },
    { title: "STATUS", cell: ({ status }) => toned(terminal, status) },
    { title: "NODE", cell: ({ node }) => printable(node ?? "-") },
    { title: "RESTARTS", cell: ({ restarts }) => String(restarts) },
    { title: "MADE", cell: ({ created_at: at }) => localTime(Date.parse(at)) },
    {
      title: "WHY",
      cell: ({ reason, detail }) =>
        reason === undefined ? "" : printable(`${reason}${detail === undefined ? "" : `: ${detail}`}`),
    },
  ]);
};

export const showInstance: CommandBody = async (context) => {
  const { access, envPath } = await findEnv(context);
  const instance = await callApiJson<Instance>(access, {
    path: `${envPath}/instances/${encodeURIComponent(context.arguments.positionals[0]!)}`,
  });
  if (context.json) context.terminal.json(instance);
  else context.terminal.line(JSON.stringify(instance, null, 2));
  return undefined;
};

export const restartInstance: CommandBody = async (context) => {
  const id = context.arguments.positionals[0]!;
  const { access, envPath } = await findEnv(context);
  await changeByApi(access, "POST", `${envPath}/instances/${encodeURIComponent(id)}/restarts`);
  return printDone(
    context,
    { instance: id, restarted: true },
    `${printable(id)} is taken away; another one takes its place.`,
  );
};

export const envStatus: CommandBody = async (context) => {
  const target = await findEnv(context);
  const status = await callApiJson<EnvStatus>(target.access, { path: `${target.envPath}/status` });
  const { terminal, json } = context;
  if (json) {
    terminal.json(status);
    return undefined;
  }
  terminal.line(`${targetText(target)}  ${toned(terminal, status.status)}`);
  const columns = [
    { title: "PROCESS", cell: (one: EnvStatus["processes"][number]) => one.process_type },
    { title: "RELEASE", cell: (one: EnvStatus["processes"][number]) => String(one.release_number ?? one.release_id) },
    { title: "READY", cell: (one: EnvStatus["processes"][number]) => `${one.ready}/${one.desired}` },
    {
      title: "",
      cell: (one: EnvStatus["processes"][number]) =>
        one.unschedulable === null
          ? ""
          : terminal.tone("warn", printable(`${one.unschedulable.reason}: ${one.unschedulable.message}`)),
    },
  ];
  if (status.processes.length > 0) {
    for (const line of tableLines(columns, status.processes, (text) => terminal.tone("bold", text)))
      terminal.line(line);
  }
  for (const { url, problem } of status.routes) {
    terminal.line(
      `  ${printable(url ?? "(no edge is connected)")}${problem === null ? "" : `  ${terminal.tone("warn", printable(problem))}`}`,
    );
  }
  const last = status.last_deploy;
  if (last === null) terminal.line("Nothing has been deployed yet: biplane deploy");
  else
    terminal.line(
      terminal.tone(
        "dim",
        `last deploy ${last.id}: ${last.status}${last.message === undefined ? "" : `, ${printable(last.message)}`}`,
      ),
    );
  return undefined;
};

interface Why {
  readonly status: string;
  readonly findings: readonly {
    readonly question: string;
    readonly answer: string;
    readonly evidence: readonly number[];
    readonly hint?: string;
  }[];
}

const QUESTIONS: Readonly<Record<string, string>> = {
  not_serving: "Why is it not served?",
  not_converging: "Why does it not become as wanted?",
  restarted: "What was started again, or has failed?",
  what_changed: "What has changed?",
};

export const why: CommandBody = async (context) => {
  const target = await findEnv(context);
  const answer = await callApiJson<Why>(target.access, { path: `${target.envPath}/why` });
  const { terminal, json } = context;
  if (json) {
    terminal.json(answer);
    return undefined;
  }
  terminal.line(`${targetText(target)} is ${toned(terminal, answer.status)}`);
  for (const [question, title] of Object.entries(QUESTIONS)) {
    const findings = answer.findings.filter((finding) => finding.question === question);
    if (findings.length === 0) continue;
    terminal.line("");
    terminal.line(terminal.tone("bold", title));
    for (const { answer: said, evidence, hint } of findings) {
      const events = evidence.length === 0 ? "" : terminal.tone("dim", `  [event ${evidence.join(", ")}]`);
      terminal.line(`  ${printable(said)}${events}`);
      if (hint !== undefined) terminal.line(terminal.tone("dim", `    → ${hint}`));
    }
  }
  return undefined;
};

export const logs: CommandBody = async (context) => {
  const { access, envPath } = await findEnv(context);
  const { arguments: given, terminal } = context;
  const query = {
    process_type: given.text("process"),
    instance_id: given.text("instance"),
    tail_lines: given.integer("tail", 0, 10_000) ?? 200,
    since: sinceOf(given.text("since")),
  };
  if (!given.has("follow")) {
    const { items, incomplete } = await callApiJson<{
      readonly items: readonly LogLine[];
      readonly incomplete: readonly { readonly node: string; readonly reason: string }[];
    }>(access, {
      path: `${envPath}/logs`,
      query,
    });
    for (const line of items) printLine(context, line);
    for (const { node, reason } of incomplete)
      terminal.note(`The lines of node ${printable(node)} are missing: ${printable(reason)}`);
    return undefined;
  }
  await followLogs(context, `${envPath}/logs/stream`, query, access);
  return undefined;
};

const RECONNECT_MS = 1_000;

/** Goes on where it was when the connection breaks. */
async function followLogs(
  context: CommandContext,
  path: string,
  query: Readonly<Record<string, string | number | undefined>>,
  access: Parameters<typeof callApi>[0],
): Promise<void> {
  let last: string | undefined;
  let seen = new Set<string>();
  while (!context.signal.aborted) {
    try {
      const resumed = last === undefined ? query : { ...query, since: last, tail_lines: 10_000 };
      const reply = await callApi(access, { path, query: resumed, signal: context.signal, timeoutMs: 60_000 });
      for await (const text of linesOf(reply.body)) {
        const item = JSON.parse(text) as
          | LogLine
          | { readonly incomplete: { readonly node: string; readonly reason: string } };
        if ("incomplete" in item) {
          context.terminal.note(
            `The lines of node ${printable(item.incomplete.node)} are missing: ${printable(item.incomplete.reason)}`,
          );
          continue;
        }
        // The lines of the last moment come again after a break.
        const key = `${item.ts} ${item.instance_id} ${item.line}`;
        if (item.ts !== last) {
          if (last === undefined || item.ts > last) {
            last = item.ts;
            seen = new Set();
          }
        } else if (seen.has(key)) continue;
        seen.add(key);
        printLine(context, item);
      }
    } catch (error) {
      if (context.signal.aborted) return;
      if (last === undefined && !(error instanceof Error && error.name === "HttpCallError")) throw error;
    }
    await Bun.sleep(RECONNECT_MS);
  }
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of body) {
    rest += decoder.decode(bytes, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line !== "") yield line;
  }
}

const COLOURS = [36, 35, 34, 33, 32];

function printLine({ terminal, json }: CommandContext, item: LogLine): void {
  if (json) {
    terminal.json(item);
    return;
  }
  const short = item.instance_id.slice(-6);
  const label = `${item.process_type}.${short}`;
  const colour = COLOURS[[...short].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % COLOURS.length]!;
  const shown =
    terminal.interactive && terminal.tone("dim", "x") !== "x" ? `\u001b[${colour}m${label}\u001b[0m` : label;
  // Programs may print anything; on a terminal it is shown and not obeyed.
  const text = terminal.interactive ? printable(item.line) : item.line;
  terminal.line(`${item.ts} ${shown} ${item.stream === "system" ? terminal.tone("dim", `· ${text}`) : text}`);
}

/** `10m`, `2h`, or a time. */
function sinceOf(text: string | undefined): string | undefined {
  const [, amount, unit] = /^(\d{1,6})([smhd])$/.exec(text ?? "") ?? [];
  if (amount === undefined || unit === undefined) return text;
  const seconds = Number(amount) * { s: 1, m: 60, h: 3_600, d: 86_400 }[unit as "s" | "m" | "h" | "d"];
  return new Date(Date.now() - seconds * 1000).toISOString();
}
