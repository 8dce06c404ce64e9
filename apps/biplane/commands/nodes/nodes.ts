/** `biplane nodes` */
import { callApiJson, executeCommand, listAll } from "../../cli/api-client.ts";
import type { CommandBody } from "../../cli/command.ts";
import { findApi } from "../../cli/find-cloud.ts";
import { printable } from "../../cli/terminal.ts";
import { tableLines } from "../../cli/text-table.ts";
import { localTime } from "../../cli/units.ts";
import { printDone } from "../identity/listing.ts";

/** The enrolled data plane as the control API shows it. */
interface Enrolment {
  readonly dataPlaneId: string;
  readonly name: string;
  readonly enrolledAt: number;
}

export const listNodes: CommandBody = async (context) => {
  const access = findApi(context);
  const enrolled = await Array.fromAsync(listAll<Enrolment>(access, "/v1/data-planes"));
  const { dataPlanes } = await callApiJson<{ readonly dataPlanes: readonly Pick<Enrolment, "dataPlaneId">[] }>(access, {
    path: "/v1/status",
  });
  const connected = new Set(dataPlanes.map(({ dataPlaneId }) => dataPlaneId));
  const nodes = enrolled.map((node) => ({ ...node, connected: connected.has(node.dataPlaneId) }));
  const { terminal, json } = context;
  if (json) terminal.json(nodes);
  else if (nodes.length === 0) terminal.note("There is none: the first data plane that registers is enrolled.");
  else {
    const columns = [
      { title: "DATA PLANE", cell: (node: (typeof nodes)[number]) => printable(node.dataPlaneId) },
      { title: "NAME", cell: (node: (typeof nodes)[number]) => printable(node.name) },
      { title: "ENROLLED", cell: (node: (typeof nodes)[number]) => localTime(node.enrolledAt) },
      {
        title: "STATE",
        cell: (node: (typeof nodes)[number]) =>
          node.connected ? terminal.tone("good", "connected") : terminal.tone("warn", "not connected"),
      },
    ];
    for (const line of tableLines(columns, nodes, (text) => terminal.tone("bold", text))) terminal.line(line);
  }
  return undefined;
};

export const forgetNode: CommandBody = async (context) => {
  const dataPlaneId = context.arguments.positionals[0]!;
  await executeCommand(findApi(context), { type: "dataPlane.forget", dataPlaneId });
  return printDone(
    context,
    { dataPlaneId, forgotten: true },
    `Data plane ${printable(dataPlaneId)} is forgotten. The next one that registers takes its place.`,
  );
};
