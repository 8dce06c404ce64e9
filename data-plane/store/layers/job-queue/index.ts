/**
 * A queue of jobs in the store: see `JobQueue`.
 *
 * @example
 * const mails = new JobQueue(new Subspace().subspace(["mails"]), { clock, random });
 * await db.transact(async (tx) => mails.enqueue(tx, payload)); // with whatever else the transaction does, or not at all
 * await work(db, mails, async (job) => send(job.payload), { clock, timers, signal });
 */
export {
  type DeadJob,
  type EnqueueOptions,
  type Job,
  JobQueue,
  JobQueueError,
  type JobQueueOptions,
  type Lease,
} from "./job-queue.ts";
export { type WorkOptions, work } from "./worker.ts";
