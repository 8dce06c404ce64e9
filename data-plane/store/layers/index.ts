/**
 * Layers over the transactions of the store: keys in spaces of their own, short prefixes that many can allocate at a time, directories,
 * jobs.
 */
export { HighContentionAllocator } from "./allocator/index.ts";
export {
  Directory,
  DirectoryError,
  type DirectoryFailure,
  DirectoryLayer,
  type DirectoryLayerOptions,
  type DirectoryPath,
} from "./directory/index.ts";
export {
  type DeadJob,
  type EnqueueOptions,
  type Job,
  JobQueue,
  JobQueueError,
  type JobQueueOptions,
  type Lease,
  type WorkOptions,
  work,
} from "./job-queue/index.ts";
export { Subspace } from "./subspace/index.ts";
