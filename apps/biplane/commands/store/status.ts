/** `biplane store status` */
import { RpcError } from "#foundation/rpc";
import { type ClusterView, LOG, type LogInfo, STORAGE, type StorageInfo } from "#foundation/store-protocol";
import type { CommandBody } from "../../cli/command.ts";
import { tableLines } from "../../cli/text-table.ts";
import { type ClusterAccess, withCluster } from "./cluster.ts";

const ASK_MS = 2_000;

/** A part of the layout, and how it does. */
interface Part {
  readonly role: string;
  readonly id: string;
  readonly address: string;
  readonly state: string;
  /** How far it is behind the furthest log, in seconds of versions. */
  readonly behindSeconds: number | undefined;
}

export const status: CommandBody = (context) =>
  withCluster(context, async (access) => {
    const { coordinators, signal } = access;
    const view = await coordinators.askLeader((leader, call) => leader.view({ after: 0, waitMs: 0 }, call), { signal });
    const parts = await partsOf(access, view);
    if (context.json) {
      context.terminal.json(documentOf(view, parts));
      return 0;
    }
    const { terminal } = context;
    const well = view.phase === "running";
    terminal.line(`${terminal.tone(well ? "good" : "bad", view.phase)}, epoch ${view.epoch}`);
    if (!well && view.step !== "") terminal.line(`  ${view.step}, attempt ${view.attempt}`);
    // While it runs this is what it cannot mend, such as a copy that has no source.
    if (view.stall !== "") terminal.line(`  ${view.stall}`);
    terminal.line(`  coordinated by ${view.leader ?? "nobody"}`);
    const { logs, replicas, proxies, resolvers } = view.config;
    terminal.line(`  wanted: logs ${logs}, replicas ${replicas}, proxies ${proxies}, resolvers ${resolvers}`);
    terminal.line();
    const nodes = view.nodes.map((node) => ({
      ...node,
      has: node.workers
        .map(({ kind }) => kind)
        .sort()
        .join(" "),
    }));
    for (const line of tableLines(
      [
        { title: "NODE", cell: (node) => node.node },
        { title: "ADDRESS", cell: (node) => node.address },
        { title: "MAY HOLD", cell: (node) => node.capabilities.join(" ") },
        { title: "HOLDS", cell: (node) => (node.has === "" ? "-" : node.has) },
      ],
      nodes,
    )) {
      terminal.line(line);
    }
    if (parts.length > 0) terminal.line();
    const lines = tableLines<Part>(
      [
        { title: "ROLE", cell: ({ role }) => role },
        { title: "ID", cell: ({ id }) => id },
        { title: "AT", cell: ({ address }) => address },
        { title: "STATE", cell: ({ state }) => state },
        {
          title: "BEHIND",
          align: "right",
          cell: ({ behindSeconds }) => (behindSeconds === undefined ? "-" : `${behindSeconds.toFixed(1)} s`),
        },
      ],
      parts,
    );
    for (const line of parts.length > 0 ? lines : []) terminal.line(line);
    return well ? 0 : 6;
  });

async function partsOf({ rpc, signal }: ClusterAccess, { layout }: ClusterView): Promise<readonly Part[]> {
  if (layout === undefined) return [];
  const call = { signal, timeoutMs: ASK_MS };
  const logs = await Promise.all(
    layout.logs.map(async (ref) => ({ ref, info: await answerOf(rpc.client(LOG, ref).info({ revision: 0n }, call)) })),
  );
  const members = new Map(layout.teams.flatMap((team) => team.members.map((member) => [member.storage.id, member])));
  const storages = await Promise.all(
    [...members.values()].map(async ({ storage, status }) => ({
      ref: storage,
      status,
      info: await answerOf(rpc.client(STORAGE, storage).info({ from: "status" }, call)),
    })),
  );
  const furthest = logs.reduce(
    (most, { info }) => (typeof info !== "string" && info.lastVersion > most ? info.lastVersion : most),
    0n,
  );
  const behind = (version: bigint): number => Number(furthest - version) / 1_000_000;
  return [
    { role: "sequencer", ...layout.sequencer, state: "", behindSeconds: undefined },
    ...layout.proxies.map((ref) => ({ role: "proxy", ...ref, state: "", behindSeconds: undefined })),
    ...layout.resolvers.map(({ resolver }) => ({ role: "resolver", ...resolver, state: "", behindSeconds: undefined })),
    ...logs.map(({ ref, info }) => ({
      role: "log",
      ...ref,
      state: typeof info === "string" ? info : info.mode,
      behindSeconds: typeof info === "string" ? undefined : behind(info.lastVersion),
    })),
    ...storages.map(({ ref, status, info }) => ({
      role: "storage",
      ...ref,
      state: typeof info === "string" ? info : status === "down" ? `${info.mode}, catching up` : info.mode,
      behindSeconds: typeof info === "string" ? undefined : behind(info.appliedVersion),
    })),
  ];
}

/** The answer, or in a word why there is none. */
async function answerOf<T extends LogInfo | StorageInfo>(asked: Promise<T>): Promise<T | string> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof RpcError) return error.code;
    throw error;
  }
}

function documentOf(view: ClusterView, parts: readonly Part[]): object {
  const { layout, epoch, config, nodes, ...rest } = view;
  return {
    ...rest,
    epoch: Number(epoch),
    config: { ...config, splits: config.splits.map((split) => Buffer.from(split).toString("hex")) },
    nodes: nodes.map(({ incarnation, ...node }) => ({ ...node, incarnation: Number(incarnation) })),
    recoveryVersion: layout === undefined ? undefined : String(layout.recoveryVersion),
    parts,
  };
}
