/** What the services of regional resources (queues, tables …) share. */
export {
  type DeletionEngine,
  type DeletionOptions,
  type DeletionOrigin,
  ResourceDeletions,
} from "./resource-deletions.ts";
