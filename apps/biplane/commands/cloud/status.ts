/** `biplane status` */
import type { FoundEndpoints } from "#apps/biplane/state";
import { httpRequest } from "#foundation/http";
import { callApiJson } from "../../cli/api-client.ts";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { findApi, findLocalCloud } from "../../cli/find-cloud.ts";
import { printable, type Terminal } from "../../cli/terminal.ts";
import { tableLines } from "../../cli/text-table.ts";
import { counted, humanDuration, humanSize } from "../../cli/units.ts";

/** A data plane as `GET /v1/status` shows it. */
interface DataPlaneReport {
  readonly dataPlaneId: string;
  readonly name: string;
  readonly version: string;
  readonly via: string;
  readonly lastHeartbeatAt?: number;
  readonly lag?: number;
  readonly state?: string;
  readonly endpoint?: string;
  readonly startedAt?: number;
  readonly residentBytes?: number;
}

interface ControlPlaneReport {
  readonly version: string;
  readonly controlPlaneId: string;
  readonly head: number;
  readonly startedAt: number;
  readonly now: number;
  readonly counts: Readonly<Record<"accounts" | "users" | "accessKeys" | "buckets" | "queues" | "tables", number>>;
  readonly dataPlanes: readonly DataPlaneReport[];
}

/** What `--json` prints. */
interface StatusReport {
  readonly processes: readonly Pick<
    FoundEndpoints,
    "role" | "pid" | "version" | "startedAt" | "awsEndpointUrl" | "apiUrl"
  >[];
  /** Null when no control plane runs here: the data plane goes on without it. */
  readonly controlPlane: (ControlPlaneReport & { readonly url: string }) | null;
  /** Of data planes that run here without their control plane, in the order of `processes`. */
  readonly links?: readonly (LinkReport | null)[];
}

/** How a data plane's link is doing, in its own words. */
interface LinkReport {
  readonly connected: boolean;
  readonly appliedThrough: number;
  readonly lastFailure?: string;
}

/** A heartbeat comes every 5 s; three missed ones are worth a word. */
const LATE_HEARTBEAT_MS = 15_000;

const READYZ_TIMEOUT_MS = 2_000;

export const status: CommandBody = async (context) => {
  const report = await gather(context);
  if (context.json) context.terminal.json(report);
  else show(report, context.terminal);
  return undefined;
};

async function gather(context: CommandContext): Promise<StatusReport> {
  const elsewhere = context.arguments.text("endpoint") !== undefined;
  const local = elsewhere ? undefined : findLocalCloud(context);
  const processes = (local?.running ?? []).map(({ running: _, ...known }) => known);
  // A data plane that runs alone is a cloud too: it has a status even when its control plane is away.
  const alone = local !== undefined && processes.length > 0 && processes.every((found) => found.apiUrl === undefined);
  if (alone) return { processes, controlPlane: null, links: await Promise.all(processes.map(linkOf)) };
  const access = findApi(context);
  const controlPlane = await callApiJson<ControlPlaneReport>(access, { path: "/v1/status" });
  return { processes, controlPlane: { url: access.url, ...controlPlane } };
}

/** Asks a data plane on this machine how its link is doing. */
async function linkOf({ awsEndpointUrl }: StatusReport["processes"][number]): Promise<LinkReport | null> {
  if (awsEndpointUrl === undefined) return null;
  try {
    const reply = await httpRequest({ url: `${awsEndpointUrl}/_biplane/readyz`, timeoutMs: READYZ_TIMEOUT_MS });
    return ((await reply.json()) as { readonly controlPlane?: LinkReport }).controlPlane ?? null;
  } catch {
    // The status of the process is shown all the same.
    return null;
  }
}

function show({ processes, controlPlane, links }: StatusReport, terminal: Terminal): void {
  const title = (text: string) => terminal.tone("bold", text);
  if (processes.length > 0) {
    const rows = [...processes];
    const now = Date.now();
    for (const line of tableLines(
      [
        { title: "PROCESS", cell: (row) => row.role },
        { title: "PID", align: "right", cell: (row) => String(row.pid) },
        { title: "RUNS SINCE", cell: (row) => humanDuration(now - row.startedAt) },
        { title: "AWS ENDPOINT", cell: (row) => row.awsEndpointUrl ?? "-" },
        { title: "CONTROL API", cell: (row) => row.apiUrl ?? "-" },
      ],
      rows,
      title,
    )) {
      terminal.line(line);
    }
    terminal.line();
  }
  if (controlPlane === null) {
    showLinks(links ?? [], terminal);
    return;
  }
  const { counts, head, url, version, now } = controlPlane;
  terminal.line(`${title("Control plane")}  ${url}  version ${version}, ${counted(head, "event")}`);
  terminal.line(
    `  ${[
      counted(counts.accounts, "account"),
      counted(counts.users, "user"),
      counted(counts.accessKeys, "access key"),
      counted(counts.buckets, "bucket"),
      counted(counts.queues, "queue"),
      counted(counts.tables, "table"),
    ].join(", ")}`,
  );
  terminal.line();
  if (controlPlane.dataPlanes.length === 0) {
    terminal.line(terminal.tone("warn", "No data plane is connected."));
    return;
  }
  for (const line of tableLines(
    [
      { title: "DATA PLANE", cell: (plane) => printable(plane.name) },
      { title: "STATE", cell: (plane) => stateOf(plane, now, terminal) },
      { title: "ENDPOINT", cell: (plane) => printable(plane.endpoint || "-") },
      {
        title: "CATALOG",
        cell: (plane) =>
          plane.lag === undefined ? "-" : plane.lag === 0 ? "up to date" : `${counted(plane.lag, "event")} behind`,
      },
      {
        title: "HEARTBEAT",
        cell: (plane) =>
          plane.lastHeartbeatAt === undefined ? "-" : `${humanDuration(now - plane.lastHeartbeatAt)} ago`,
      },
      {
        title: "MEMORY",
        align: "right",
        cell: (plane) => (plane.residentBytes === undefined ? "-" : humanSize(plane.residentBytes)),
      },
      { title: "VIA", cell: (plane) => printable(plane.via) },
    ],
    controlPlane.dataPlanes,
    title,
  )) {
    terminal.line(line);
  }
}

function showLinks(links: readonly (LinkReport | null)[], terminal: Terminal): void {
  terminal.line("The control plane does not run from this directory.");
  for (const link of links) {
    if (link === null) continue;
    const applied = `catalog through event ${link.appliedThrough}`;
    if (link.connected) terminal.line(`The data plane is connected to it; ${applied}.`);
    else {
      const why = link.lastFailure === undefined ? "" : ` (${printable(link.lastFailure)})`;
      terminal.line(`${terminal.tone("warn", "The data plane is not connected to it")}${why}; ${applied}.`);
      terminal.line(
        "Objects, queues and tables are served; what there is of them, and who may use them, cannot be changed until it is back.",
      );
    }
  }
}

function stateOf(plane: DataPlaneReport, now: number, terminal: Terminal): string {
  if (plane.lastHeartbeatAt === undefined) return terminal.tone("warn", "connecting");
  if (now - plane.lastHeartbeatAt > LATE_HEARTBEAT_MS) return terminal.tone("bad", "silent");
  return plane.state === "ready"
    ? terminal.tone("good", "ready")
    : terminal.tone("warn", printable(plane.state ?? "-"));
}
