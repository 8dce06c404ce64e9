/** `biplane admin verify` and `biplane admin rebuild` */
import { EXIT } from "#foundation/errors";
import { callApi, callApiJson } from "../../cli/api-client.ts";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { type ApiAccess, findApi } from "../../cli/find-cloud.ts";
import { printable } from "../../cli/terminal.ts";
import { Progress } from "../apps/wait.ts";
import { printItems } from "../identity/listing.ts";

/** A log of a million events takes seconds; one that takes longer is looked at where it is. */
const TIMEOUT_MS = 10 * 60_000;

interface Report {
  readonly view: string;
  readonly rows: number;
  readonly equal: boolean;
  readonly differences: number;
  readonly quarantined: number;
}

export const verifyViews: CommandBody = async (context) => {
  const reply = await callApi(findApi(context), { path: "/v1/views", timeoutMs: TIMEOUT_MS });
  const found = (await reply.json()) as {
    readonly sound: boolean;
    readonly log_problems: readonly string[];
    readonly views: readonly Report[];
  };
  if (context.json) context.terminal.json(found);
  else {
    for (const problem of found.log_problems) context.terminal.note(printable(problem));
    show(context, found.views);
  }
  return found.sound ? EXIT.ok : EXIT.failure;
};

export const rebuildViews: CommandBody = async (context) => {
  const named = context.arguments.positionals;
  const access = findApi(context);
  const done = callApiJson<{ readonly views: readonly Report[] }>(access, {
    method: "POST",
    path: "/v1/views/rebuild",
    body: named.length === 0 ? {} : { views: named },
    timeoutMs: TIMEOUT_MS,
  });
  const { views } = await showProgress(context, access, done);
  if (context.json) context.terminal.json(views);
  else show(context, views);
  return EXIT.ok;
};

interface RebuildProgress {
  readonly running: boolean;
  readonly views?: number;
  readonly compared?: number;
  readonly folded?: number;
  readonly events?: number;
}

const LOOK_MS = 200;

/** Says how far it is until it is done. */
async function showProgress<Result>(
  context: CommandContext,
  access: ApiAccess,
  done: Promise<Result>,
): Promise<Result> {
  const progress = new Progress(context);
  const settled = done.then(
    () => true,
    () => true,
  );
  try {
    while (!(await Promise.race([settled, Bun.sleep(LOOK_MS).then(() => false)]))) {
      const {
        folded = 0,
        events = 0,
        compared = 0,
        views = 0,
      } = await callApiJson<RebuildProgress>(access, {
        path: "/v1/views/rebuild",
      });
      if (folded < events) progress.say(`${folded} of ${events} events`);
      else if (views > 0) progress.say(`${compared} of ${views} views compared`);
    }
    return await done;
  } finally {
    progress.end();
  }
}

function show(context: CommandContext, views: readonly Report[]): void {
  printItems(context, views, [
    { title: "VIEW", cell: ({ view }) => view },
    { title: "ROWS", cell: ({ rows }) => String(rows) },
    {
      title: "AGAINST THE LOG",
      cell: ({ equal, differences, quarantined }) =>
        equal && quarantined === 0 ? "equal" : `${differences} rows differ, ${quarantined} events do not fit`,
    },
  ]);
}
