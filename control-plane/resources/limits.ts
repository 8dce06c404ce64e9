/** Quotas of resources. */

export interface ResourceLimits {
  /** General purpose buckets per account (S3 User Guide, "General purpose bucket quotas": 10,000 by default). */
  readonly bucketsPerAccount: number;
}

export const RESOURCE_LIMITS: ResourceLimits = { bucketsPerAccount: 10_000 };
