/** IAM policies: reading, compiling, deciding. Pure. */
export type * from "./types.ts";
