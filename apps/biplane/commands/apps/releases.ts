/** `biplane releases`, `deploys`, `rollback`, `scale`, `restart` */
import { callApiJson, changeByApi } from "../../cli/api-client.ts";
import type { CommandBody } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { printable } from "../../cli/terminal.ts";
import { humanSize, localTime } from "../../cli/units.ts";
import { printDone, printItems } from "../identity/listing.ts";
import { finish } from "./deploy.ts";
import type { Deploy, EnvStatus, Release } from "./shapes.ts";
import { allItems, findApp, findEnv, targetText } from "./target.ts";
import { Progress } from "./wait.ts";

export const listReleases: CommandBody = async (context) => {
  const { access, appPath } = await findApp(context);
  return printItems(context, await allItems<Release>(access, `${appPath}/releases`), [
    { title: "RELEASE", cell: ({ number }) => String(number) },
    { title: "ID", cell: ({ id }) => id },
    { title: "OF", cell: ({ artifact }) => printable(artifact.reference ?? artifact.source) },
    { title: "SIZE", cell: ({ artifact }) => humanSize(artifact.size_bytes) },
    { title: "DIGEST", cell: ({ artifact }) => artifact.digest.slice(7, 19) },
    { title: "MADE", cell: ({ created_at: at }) => localTime(Date.parse(at)) },
    { title: "MESSAGE", cell: ({ message }) => printable(message ?? "") },
  ]);
};

export const showRelease: CommandBody = async (context) => {
  const { access, appPath } = await findApp(context);
  const named = context.arguments.positionals[0]!;
  const release = await callApiJson<Release>(access, { path: `${appPath}/releases/${encodeURIComponent(named)}` });
  if (context.json) context.terminal.json(release);
  else context.terminal.line(JSON.stringify(release, null, 2));
  return undefined;
};

export const diffReleases: CommandBody = async (context) => {
  const { access, appPath } = await findApp(context);
  const [from, to] = await Promise.all(
    context.arguments.positionals.map((named) =>
      callApiJson<Release>(access, { path: `${appPath}/releases/${encodeURIComponent(named)}` }),
    ),
  );
  const lines = differences(
    "",
    { digest: from!.artifact.digest, manifest: from!.manifest },
    { digest: to!.artifact.digest, manifest: to!.manifest },
  );
  if (context.json) context.terminal.json(lines);
  else if (lines.length === 0) context.terminal.note("They are the same.");
  else
    for (const { path, before, after } of lines) {
      context.terminal.line(`${path}`);
      context.terminal.line(context.terminal.tone("bad", `  - ${JSON.stringify(before) ?? "(none)"}`));
      context.terminal.line(context.terminal.tone("good", `  + ${JSON.stringify(after) ?? "(none)"}`));
    }
  return undefined;
};

interface Difference {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function differences(path: string, before: unknown, after: unknown): readonly Difference[] {
  if (isMapping(before) && isMapping(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) => differences(path === "" ? name : `${path}.${name}`, before[name], after[name]));
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
}

export const rollback: CommandBody = async (context) => {
  const target = await findEnv(context);
  const { access, envPath, appPath } = target;
  const named = context.arguments.positionals[0];
  if (!context.json) context.terminal.note(`Rolling back ${targetText(target)}`);
  const begun = await changeByApi<Deploy>(
    access,
    "POST",
    `${envPath}/rollbacks`,
    named === undefined ? {} : { release_id: named },
  );
  const release = await callApiJson<Release>(access, { path: `${appPath}/releases/${begun.release_id}` });
  return finish(context, target, release, begun);
};

export const scale: CommandBody = async (context) => {
  const target = await findEnv(context);
  const { access, envPath } = target;
  const wanted = context.arguments.positionals.map((text) => {
    const [, process_type, count] = /^([a-z][a-z0-9-]*)=(\d{1,4})$/.exec(text) ?? [];
    if (process_type === undefined || count === undefined)
      throw usageError(`PROCESS=NUMBER was expected, not "${text}".`, "biplane scale web=3");
    return { process_type, desired: Number(count) };
  });
  if (wanted.length === 0) throw usageError("How many of what?", "biplane scale web=3 worker=1");
  const { processes } = await changeByApi<{
    readonly processes: readonly { readonly process_type: string; readonly desired: number }[];
  }>(access, "PUT", `${envPath}/scale`, { processes: wanted });
  if (!context.arguments.has("no-wait")) await untilScaled(context, target);
  const text = processes.map(({ process_type: type, desired }) => `${type}=${desired}`).join(" ");
  return printDone(context, { processes }, `${targetText(target)} is scaled: ${text}`);
};

const SCALE_WAIT_MS = 120_000;

/** Until there are as many as there shall be; what cannot be placed is said and not waited for. */
async function untilScaled(
  context: Parameters<CommandBody>[0],
  { access, envPath }: Awaited<ReturnType<typeof findEnv>>,
): Promise<void> {
  const progress = new Progress(context);
  const until = Date.now() + SCALE_WAIT_MS;
  try {
    for (;;) {
      const { processes } = await callApiJson<EnvStatus>(access, { path: `${envPath}/status` });
      const open = processes.filter(({ ready, desired, live }) => ready !== desired || live !== desired);
      const blocked = open.find(({ unschedulable }) => unschedulable !== null);
      if (open.length === 0) return;
      progress.say(
        open.map(({ process_type: type, ready, desired }) => `${type} ${ready}/${desired} ready`).join(", "),
      );
      if (blocked !== undefined || Date.now() > until || context.signal.aborted) {
        progress.end();
        const why = blocked?.unschedulable;
        context.terminal.note(
          why ? `${blocked!.process_type}: ${why.reason}: ${printable(why.message)}` : "It goes on: biplane ps",
        );
        return;
      }
      await Bun.sleep(100);
    }
  } finally {
    progress.end();
  }
}

export const restart: CommandBody = async (context) => {
  const target = await findEnv(context);
  const types = context.arguments.positionals;
  await changeByApi(
    target.access,
    "POST",
    `${target.envPath}/restarts`,
    types.length === 0 ? {} : { process_types: types },
  );
  if (!context.arguments.has("no-wait")) await untilScaled(context, target);
  return printDone(context, { restarted: types }, `${targetText(target)} was started anew.`);
};
