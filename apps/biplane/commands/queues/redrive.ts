/** `biplane queues redrive` */
import { CodedError, EXIT } from "#foundation/errors";
import { sleep, systemTimers } from "#foundation/runtime";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { cliErrors } from "../../cli/errors.ts";
import type { JsonClient } from "../../cli/json-client.ts";
import { printable } from "../../cli/terminal.ts";
import { tableLines } from "../../cli/text-table.ts";
import { counted, localTime } from "../../cli/units.ts";
import { printDone } from "../identity/listing.ts";
import { arnOf, clientOf, findQueue } from "./client.ts";

/** As ListMessageMoveTasks answers it. */
interface Task {
  readonly TaskHandle?: string;
  readonly Status: "RUNNING" | "COMPLETED" | "CANCELLING" | "CANCELLED" | "FAILED";
  readonly DestinationArn?: string;
  readonly ApproximateNumberOfMessagesMoved?: number;
  readonly ApproximateNumberOfMessagesToMove?: number;
  readonly FailureReason?: string;
  /** Epoch milliseconds. */
  readonly StartedTimestamp?: number;
}

const LOOK_EVERY_MS = 250;
const TASKS_MAX = 10;

export const redrive: CommandBody = async (context) => {
  const { arguments: given, signal } = context;
  const client = clientOf(context);
  const SourceArn = await arnOf(client, await findQueue(client, given.positionals[0]!, signal), signal);
  if (given.has("status")) return showTasks(context, await tasksOf(client, SourceArn, TASKS_MAX, signal));
  if (given.has("cancel")) return cancel(context, client, SourceArn);
  const to = given.text("to");
  const DestinationArn =
    to === undefined ? undefined : await arnOf(client, await findQueue(client, to, signal), signal);
  const MaxNumberOfMessagesPerSecond = given.integer("rate", 1, 500);
  const { TaskHandle } = await client.call<{ readonly TaskHandle: string }>(
    "StartMessageMoveTask",
    { SourceArn, DestinationArn, MaxNumberOfMessagesPerSecond },
    { signal, attempts: 1 },
  );
  if (given.has("no-wait")) {
    return printDone(context, { taskHandle: TaskHandle }, "The messages are being moved. See how far: --status");
  }
  return watch(context, client, SourceArn);
};

async function tasksOf(client: JsonClient, SourceArn: string, MaxResults: number, signal: AbortSignal) {
  const input = { SourceArn, MaxResults };
  const { Results = [] } = await client.call<{ readonly Results?: readonly Task[] }>("ListMessageMoveTasks", input, {
    signal,
  });
  return Results;
}

/** Waits until the move has ended. Interrupted, it says how to go on: the move itself does. */
async function watch(context: CommandContext, client: JsonClient, SourceArn: string): Promise<number> {
  const { terminal, json, signal } = context;
  const shown = terminal.progress && !json;
  for (;;) {
    const [task] = await tasksOf(client, SourceArn, 1, signal);
    if (task === undefined) throw cliErrors.error("NOT_SUPPORTED", "The endpoint does not know the move any more.");
    const moved = task.ApproximateNumberOfMessagesMoved ?? 0;
    if (task.Status === "RUNNING" || task.Status === "CANCELLING") {
      const all = task.ApproximateNumberOfMessagesToMove;
      if (shown) terminal.writeNote(`\r\u001b[K${moved}${all === undefined ? "" : ` of ${all}`} moved`);
      await sleep(systemTimers, LOOK_EVERY_MS, signal);
      continue;
    }
    if (shown) terminal.writeNote("\r\u001b[K");
    if (task.Status === "FAILED") {
      throw new CodedError("MoveFailed", {
        status: 409,
        retryable: false,
        message: `The move ended after ${counted(moved, "message")}: ${task.FailureReason ?? "no reason is given"}`,
      });
    }
    const done = task.Status === "CANCELLED" ? "Cancelled after" : "Moved";
    printDone(context, presented(task), `${done} ${counted(moved, "message")}.`);
    return task.Status === "CANCELLED" ? EXIT.failure : EXIT.ok;
  }
}

async function cancel(context: CommandContext, client: JsonClient, SourceArn: string): Promise<undefined> {
  const { signal } = context;
  const [task] = await tasksOf(client, SourceArn, 1, signal);
  if (task?.TaskHandle === undefined) {
    throw new CodedError("NoMove", { status: 404, retryable: false, message: "No move out of this queue is running." });
  }
  const { TaskHandle } = task;
  const { ApproximateNumberOfMessagesMoved: moved = 0 } = await client.call<{
    readonly ApproximateNumberOfMessagesMoved?: number;
  }>("CancelMessageMoveTask", { TaskHandle }, { signal });
  return printDone(context, { cancelled: true, moved }, `Cancelled after ${counted(moved, "message")}.`);
}

function showTasks({ terminal, json }: CommandContext, tasks: readonly Task[]): undefined {
  if (json) terminal.json(tasks.map(presented));
  else if (tasks.length === 0) terminal.note("Nothing was moved out of this queue yet.");
  else {
    const columns = [
      { title: "STARTED", cell: (task: Task) => localTime(task.StartedTimestamp ?? 0) },
      { title: "STATE", cell: (task: Task) => task.Status.toLowerCase() },
      { title: "MOVED", align: "right", cell: (task: Task) => String(task.ApproximateNumberOfMessagesMoved ?? 0) },
      { title: "OF", align: "right", cell: (task: Task) => String(task.ApproximateNumberOfMessagesToMove ?? "-") },
      {
        title: "TO",
        cell: (task: Task) => printable(task.DestinationArn?.split(":").at(-1) ?? "where they came from"),
      },
      { title: "REASON", cell: (task: Task) => printable(task.FailureReason ?? "") },
    ] as const;
    for (const line of tableLines(columns, tasks, (text) => terminal.tone("bold", text))) terminal.line(line);
  }
  return undefined;
}

const presented = (task: Task) => ({
  status: task.Status,
  moved: task.ApproximateNumberOfMessagesMoved ?? 0,
  toMove: task.ApproximateNumberOfMessagesToMove ?? 0,
  startedAt: task.StartedTimestamp ?? 0,
  ...(task.DestinationArn === undefined ? {} : { destination: task.DestinationArn }),
  ...(task.FailureReason === undefined ? {} : { failure: task.FailureReason }),
});
