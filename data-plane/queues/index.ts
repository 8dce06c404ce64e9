/** Queues: SQS on an engine that keeps messages. */
export { queuesOperationNames, queuesParityNotes } from "./parity.ts";
export { QUEUE_PERMISSIONS } from "./permissions.ts";
export type { QueuesEnvironment } from "./service/environment.ts";
export { createQueueDestination } from "./service/event-destination.ts";
export { createQueuesService, type QueuesService } from "./service/queues-service.ts";
