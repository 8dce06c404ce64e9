/** Schemas that several configurations share. */
import type { JsonObject } from "../../plan.ts";
import { FIELD_NAME } from "../traffic/shapes.ts";

export const TEXTS: JsonObject = { type: "array", items: { type: "string" }, default: [] };

export const STRIP: JsonObject = {
  type: "boolean",
  default: true,
  description: "Whether the credential is kept from the upstream.",
};

export const UPSTREAM_HEADERS: JsonObject = {
  type: "object",
  additionalProperties: false,
  description: "Fields that tell the upstream who it is; what a client sends under these names is taken off.",
  properties: { consumer: FIELD_NAME, groups: FIELD_NAME, scopes: FIELD_NAME, claims: FIELD_NAME },
};

/** A list, or one text with blanks between (RFC 6749 §3.3). */
export const SCOPES: JsonObject = {
  type: ["array", "string"],
  pattern: "^[ !#-\\[\\]-~]*$",
  items: { type: "string", pattern: "^[!#-\\[\\]-~]+$" },
  default: [],
};

export const SERVER_URL: JsonObject = { type: "string", format: "uri", pattern: "^https?://" };

export const TIMEOUT: JsonObject = {
  type: "number",
  exclusiveMinimum: 0,
  maximum: 60,
  default: 5,
  description: "In seconds, for a question and its answer together.",
};

export const STRIP_TOKEN: JsonObject = {
  type: "boolean",
  default: false,
  description: "Whether the token is kept from the upstream.",
};

export const GROUPS_CLAIM: JsonObject = {
  type: "string",
  minLength: 1,
  description: "Claim that holds groups; dots lead into objects.",
};
