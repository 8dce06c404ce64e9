/** `biplane nodes show`, `drain`, `activate`, `disable`, `remove`, `instances` */
import { callApiJson, changeByApi } from "../../cli/api-client.ts";
import type { CommandBody } from "../../cli/command.ts";
import { findApi } from "../../cli/find-cloud.ts";
import { printable, type Terminal } from "../../cli/terminal.ts";
import { humanSize } from "../../cli/units.ts";
import { printDone, printItems } from "../identity/listing.ts";

interface Node {
  readonly id: string;
  readonly name: string;
  readonly intent: string;
  readonly health: string;
  readonly health_reason?: string;
  readonly isolation: readonly string[];
  readonly allocatable: { readonly memory_bytes: number; readonly cpu_cores: number };
  readonly used: { readonly memory_bytes: number };
  readonly instances: number;
  readonly volumes: number;
  readonly blockers: readonly { readonly instance_id: string; readonly reason: string }[];
}

export const listAgents: CommandBody = async (context) => {
  const { items } = await callApiJson<{ readonly items: readonly Node[] }>(findApi(context), { path: "/v1/nodes" });
  const { terminal } = context;
  return printItems(context, items, [
    { title: "NODE", cell: ({ name }) => printable(name) },
    { title: "ID", cell: ({ id }) => id },
    { title: "STATE", cell: (node) => stateOf(terminal, node) },
    { title: "ISOLATION", cell: ({ isolation }) => isolation.join(", ") },
    {
      title: "MEMORY",
      cell: ({ used, allocatable }) => `${humanSize(used.memory_bytes)} of ${humanSize(allocatable.memory_bytes)}`,
    },
    { title: "CORES", cell: ({ allocatable }) => String(allocatable.cpu_cores) },
    { title: "INSTANCES", cell: ({ instances }) => String(instances) },
  ]);
};

function stateOf(terminal: Terminal, { intent, health, health_reason: reason }: Node): string {
  const text =
    health === "online" ? intent : `${intent}, ${health}${reason === undefined ? "" : ` (${printable(reason)})`}`;
  return terminal.tone(health === "online" && intent === "active" ? "good" : "warn", text);
}

export const showAgent: CommandBody = async (context) => {
  const path = `/v1/nodes/${encodeURIComponent(context.arguments.positionals[0]!)}`;
  const node = await callApiJson<Node>(findApi(context), { path });
  if (context.json) context.terminal.json(node);
  else context.terminal.line(JSON.stringify(node, null, 2));
  return undefined;
};

const intend =
  (intent: string, sentence: (name: string) => string): CommandBody =>
  async (context) => {
    const path = `/v1/nodes/${encodeURIComponent(context.arguments.positionals[0]!)}`;
    const node = await changeByApi<Node>(findApi(context), "PATCH", path, { intent });
    printDone(context, node, sentence(printable(node.name)));
    if (context.json) return undefined;
    for (const { instance_id: id, reason } of node.blockers) context.terminal.line(`  ${id}  ${printable(reason)}`);
    return undefined;
  };

export const drain = intend("draining", (name) => `${name} takes nothing new. What is on it:`);
export const activate = intend("active", (name) => `${name} takes instances.`);
export const disable = intend(
  "disabled",
  (name) => `${name} is switched off: everything without volumes is taken away. What is on it:`,
);

export const removeNode: CommandBody = async (context) => {
  const name = context.arguments.positionals[0]!;
  await changeByApi(findApi(context), "DELETE", `/v1/nodes/${encodeURIComponent(name)}`);
  return printDone(context, { node: name, removed: true }, `The node ${printable(name)} is removed.`);
};
