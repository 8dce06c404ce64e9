/** The same small answer of each server that is compared. */

export const BODY = Buffer.alloc(200, "x");

/** Name, value, name, value … */
export const FIELDS: readonly string[] = [
  "Content-Type",
  "application/json",
  "X-Request-Id",
  "0123456789abcdef",
  "Cache-Control",
  "no-store",
];
