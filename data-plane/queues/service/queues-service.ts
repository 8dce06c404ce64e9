/** The service as the front door gets it. */
import type { Service } from "#data-plane/service";
import { moveTasks } from "../operations/move-tasks.ts";
import { queueLifeCycle } from "../operations/queue-life-cycle.ts";
import { queueSettings } from "../operations/queue-settings.ts";
import { receiveMessages } from "../operations/receive-messages.ts";
import { sendMessages } from "../operations/send-messages.ts";
import { settleMessages } from "../operations/settle-messages.ts";
import { QUEUE_PERMISSIONS } from "../permissions.ts";
import { operationsOf } from "./define.ts";
import { Deliveries } from "./deliveries.ts";
import type { QueuesEnvironment } from "./environment.ts";
import { MessageCipher } from "./message-cipher.ts";
import { peekQueue, type SeenMessage } from "./peek-queue.ts";
import { queueDeletions } from "./queue-deletions.ts";
import { QueueKeeper } from "./queue-keeper.ts";
import type { Toolbox } from "./toolbox.ts";
import { Waits } from "./waits.ts";

const definitionsOf = (tools: Toolbox) => ({
  ...queueLifeCycle(tools),
  ...queueSettings(tools),
  ...sendMessages(tools),
  ...receiveMessages(tools),
  ...settleMessages(tools),
  ...moveTasks(tools),
});

/** Operations of SQS that this service carries out. */
export type QueuesOperationName = keyof ReturnType<typeof definitionsOf>;

export interface QueuesService extends Service {
  /** Resolves when the engine knows every queue of the catalog, and interrupted deletions were looked at. Operations do not have to wait for it. */
  readonly started: Promise<void>;
  /** For an operator's eyes: the first messages of a queue; undefined when there is no such queue. @param limit at most 100 */
  peek(arn: string, limit: number): Promise<readonly SeenMessage[] | undefined>;
  /** Answers whoever waits for messages, so that the server can close without waiting for them. */
  drain(): void;
}

/**
 * The SQS service on an engine.
 *
 * @example
 * const queues = createQueuesService({ engine, catalog, control, clock, timers, random, logger, metrics, messageKey });
 * const door = await createFrontDoor({ services: [queues], … });
 */
export function createQueuesService(environment: QueuesEnvironment): QueuesService {
  const { engine, logger } = environment;
  const waits = new Waits();
  const deletions = queueDeletions(environment);
  const keeper = new QueueKeeper(environment, deletions);
  const deliveries = new Deliveries(engine, logger);
  const cipher = new MessageCipher(environment.messageKey, environment.random);
  const tools: Toolbox = {
    ...environment,
    keeper,
    deletions,
    deliveries,
    cipher,
    waits,
  };
  const started = keeper.start();
  const settled = deletions.settleInterrupted();
  return {
    name: "sqs",
    operations: operationsOf(definitionsOf(tools)),
    permissions: QUEUE_PERMISSIONS,
    requestAnswered: ({ operation, request }) =>
      operation === "ReceiveMessage" ? deliveries.watch(request) : undefined,
    started,
    peek: (arn, limit) => peekQueue({ ...environment, cipher }, arn, limit),
    drain: () => waits.endAll(),
    async close() {
      waits.endAll();
      deletions.close();
      keeper.close();
      await Promise.all([started, settled]);
    },
  };
}
