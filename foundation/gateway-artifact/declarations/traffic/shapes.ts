/** Schemas that several configurations share. */
import type { JsonObject } from "../../plan.ts";

/** A name of a field (RFC 9110 §5.1). */
export const FIELD_NAME: JsonObject = { type: "string", pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$" };

/** Values of fields: no control characters but the tab (RFC 9110 §5.5). */
export const FIELD_VALUE: JsonObject = { type: "string", pattern: "^[^\\u0000-\\u0008\\u000a-\\u001f\\u007f]*$" };
