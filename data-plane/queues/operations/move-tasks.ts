/** Moving messages out of dead-letter queues (SQS API Reference, StartMessageMoveTask; Developer Guide, "Dead-letter queue redrive"). */
import type { AccessRequest, CallContext } from "#data-plane/service";
import type { SQS } from "#foundation/aws";
import { randomUuid } from "#foundation/runtime";
import { isQueueEngineError } from "../engine/engine-error.ts";
import type { MoveTask, MoveTaskFailure } from "../engine/port.ts";
import { invalidParameter, invalidValue, missingParameter, resourceNotFound } from "../errors.ts";
import { type MoveTaskHandle, readTaskHandle, writeTaskHandle } from "../rules/move-task-handle.ts";
import { type Definitions, onAccount, refuseOthers } from "../service/define.ts";
import { queueOfArn } from "../service/find-queue.ts";
import { type QueueView, viewOf } from "../service/queue-view.ts";
import type { Toolbox } from "../service/toolbox.ts";

type Names = "CancelMessageMoveTask" | "ListMessageMoveTasks" | "StartMessageMoveTask";

const MESSAGES_PER_SECOND_MAX = 500;
const TASKS_MAX = 10;

/** What a task does in the name of whoever starts, watches or ends it. */
const ON_SOURCE = ["sqs:receivemessage", "sqs:deletemessage", "sqs:getqueueattributes"];

const FAILURES: Readonly<Record<MoveTaskFailure, string>> = {
  DestinationNotFound: "AWS.SimpleQueueService.NonExistentQueue",
  DestinationOfOtherKind: "AWS.SimpleQueueService.UnsupportedOperation",
  NoSourceQueue: "CouldNotDetermineMessageSource",
};

export function moveTasks(tools: Toolbox): Definitions<Names> {
  const { engine } = tools;
  return {
    StartMessageMoveTask: onAccount({
      access(input, context) {
        const source = sourceOf(tools, input.SourceArn, context);
        const destination = destinationOf(tools, input.DestinationArn);
        if (destination !== undefined) refuseOthers(destination, context);
        const targets = destination === undefined ? ownSources(tools, source) : [destination];
        return [
          ...questionsOnSource("sqs:startmessagemovetask", source),
          ...targets.flatMap((target) => target.questions("sqs:sendmessage")),
        ];
      },
      async handle(input, context) {
        const source = sourceOf(tools, input.SourceArn, context);
        const destination = destinationOf(tools, input.DestinationArn);
        const perSecond = input.MaxNumberOfMessagesPerSecond;
        if (perSecond !== undefined && (perSecond < 1 || perSecond > MESSAGES_PER_SECOND_MAX)) {
          throw invalidValue(
            perSecond,
            "MaxNumberOfMessagesPerSecond",
            `Must be between 1 and ${MESSAGES_PER_SECOND_MAX}, if provided.`,
          );
        }
        if (!tools.keeper.deadLetters.isTarget(source.arn)) {
          throw invalidParameter("Source queue must be configured as a Dead Letter Queue.");
        }
        if (destination?.arn === source.arn) {
          throw invalidParameter("Source queue arn and destination queue arn cannot be the same.");
        }
        if (destination !== undefined && destination.fifo !== source.fifo) {
          throw invalidParameter("Source queue and destination queue must be of the same type.");
        }
        await tools.keeper.ensure(source.record);
        const taskId = randomUuid(tools.random);
        try {
          await engine.startMove({
            taskId,
            source: source.record.resourceId,
            ...(destination === undefined ? {} : { destination: destination.record.resourceId }),
            ...(perSecond === undefined ? {} : { messagesPerSecondMax: perSecond }),
          });
        } catch (error) {
          if (!isQueueEngineError(error, "MoveTaskActive")) throw error;
          throw invalidParameter(
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
          );
        }
        return { TaskHandle: writeTaskHandle({ taskId, sourceArn: source.arn }) };
      },
    }),

    CancelMessageMoveTask: onAccount({
      access(input, context) {
        const { sourceArn } = handleOf(input.TaskHandle);
        return questionsOnSource("sqs:cancelmessagemovetask", sourceOf(tools, sourceArn, context));
      },
      async handle(input, context) {
        const { taskId, sourceArn } = handleOf(input.TaskHandle);
        const source = sourceOf(tools, sourceArn, context);
        const task = await engine.move(taskId);
        if (task?.source !== source.record.resourceId) throw resourceNotFound("Task does not exist.");
        if (task.status !== "RUNNING") throw notRunning();
        try {
          const { moved } = await engine.cancelMove(taskId);
          return { ApproximateNumberOfMessagesMoved: moved };
        } catch (error) {
          throw isQueueEngineError(error, "NoRunningMoveTask") ? notRunning() : error;
        }
      },
    }),

    ListMessageMoveTasks: onAccount({
      access: (input, context) =>
        questionsOnSource("sqs:listmessagemovetasks", sourceOf(tools, input.SourceArn, context)),
      async handle(input, context) {
        const source = sourceOf(tools, input.SourceArn, context);
        const { MaxResults: max = 1 } = input;
        if (max < 1 || max > TASKS_MAX) {
          throw invalidValue(max, "MaxResults", `Must be between 1 and ${TASKS_MAX}, if provided.`);
        }
        const tasks = await engine.moves(source.record.resourceId, max);
        return tasks.length === 0 ? {} : { Results: tasks.map((task) => resultOf(tools, task, source)) };
      },
    }),
  };
}

const notRunning = () => invalidParameter("Only active tasks can be cancelled.");

function handleOf(text: string | undefined): MoveTaskHandle {
  if (text === undefined || text === "") throw missingParameter("TaskHandle");
  const handle = readTaskHandle(text);
  if (handle === undefined) throw invalidParameter("Value for parameter TaskHandle is invalid.");
  return handle;
}

/** @throws AwsError ResourceNotFoundException, MissingParameter, AccessDenied for queues of others */
function sourceOf(tools: Toolbox, arn: string | undefined, context: CallContext): QueueView {
  if (arn === undefined || arn === "") throw missingParameter("SourceArn");
  const view = queueOfArn(tools, arn);
  if (view === undefined || view.record.region !== context.region) throw noSuchResource("SourceArn");
  refuseOthers(view, context);
  return view;
}

function destinationOf(tools: Toolbox, arn: string | undefined): QueueView | undefined {
  if (arn === undefined || arn === "") return undefined;
  const view = queueOfArn(tools, arn);
  if (view === undefined) throw noSuchResource("DestinationArn");
  return view;
}

const noSuchResource = (parameter: string) =>
  resourceNotFound(`The resource that you specified for the ${parameter} parameter doesn't exist.`);

/** Where messages go that are moved back to where they came from. */
const ownSources = ({ keeper }: Toolbox, source: QueueView): readonly QueueView[] =>
  keeper.deadLetters.sourcesOf(source.arn).map(viewOf);

const questionsOnSource = (action: string, source: QueueView): readonly AccessRequest[] =>
  [action, ...ON_SOURCE].flatMap((one) => source.questions(one));

function resultOf({ catalog }: Toolbox, task: MoveTask, source: QueueView): SQS.ListMessageMoveTasksResultEntry {
  const destination = task.destination === undefined ? undefined : catalog.queueById(task.destination);
  return {
    // Only a running task can be named to end it.
    ...(task.status === "RUNNING"
      ? { TaskHandle: writeTaskHandle({ taskId: task.taskId, sourceArn: source.arn }) }
      : {}),
    Status: task.status,
    SourceArn: source.arn,
    ...(destination === undefined ? {} : { DestinationArn: viewOf(destination).arn }),
    ...(task.messagesPerSecondMax === undefined ? {} : { MaxNumberOfMessagesPerSecond: task.messagesPerSecondMax }),
    ApproximateNumberOfMessagesMoved: task.moved,
    ApproximateNumberOfMessagesToMove: task.toMove,
    ...(task.failure === undefined ? {} : { FailureReason: FAILURES[task.failure] }),
    StartedTimestamp: task.startedAt,
  };
}
