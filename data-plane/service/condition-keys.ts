/** Condition keys that several services have (IAM User Guide, "AWS global condition context keys": properties of the resource and of the request). */

/** Tags of the resource. */
export const RESOURCE_TAGS = ["aws:ResourceTag/${TagKey}"] as const;

/** Tags in the request. */
export const REQUEST_TAGS = ["aws:RequestTag/${TagKey}", "aws:TagKeys"] as const;

/** Keys of tags in the request. */
export const TAG_KEYS = ["aws:TagKeys"] as const;
