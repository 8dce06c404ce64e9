/** The life cycle of resources: what a command about them decides. Pure but for new identities. */
export { createBucketHandlers, type ResourceCommands, type ResourceDependencies } from "./bucket-handlers.ts";
export { bucketNameProblem, regionProblem } from "./bucket-name.ts";
export { BUCKET_POLICY_BYTES_MAX, SECTION_BYTES_MAX } from "./bucket-sections.ts";
export { RESOURCE_LIMITS, type ResourceLimits } from "./limits.ts";
export { createResourceHandlers, type RegionalCommands, type RegionalDependencies } from "./resource-handlers.ts";
export { RESOURCE_SECTION_BYTES_MAX } from "./resource-rules.ts";
