import type { MiddlewareDeclaration } from "../../plugin-declaration.ts";
import { FIELD_NAME, FIELD_VALUE } from "./shapes.ts";

export const HTTP_LOG: MiddlewareDeclaration = {
  kind: "middleware",
  name: "http-log",
  phase: "admission",
  summary: "Tells a server of every request, several at once and in the background.",
  urls: ["endpoint"],
  config: {
    type: "object",
    additionalProperties: false,
    required: ["endpoint"],
    properties: {
      endpoint: {
        description: "Where entries are sent to.",
        type: "string",
        // Credentials belong into `headers`.
        pattern: "^https?://[^/?#@\\s]+([/?][^#\\s]*)?$",
        maxLength: 2048,
      },
      method: { enum: ["POST", "PUT"], default: "POST" },
      timeout_ms: { description: "For one delivery.", type: "integer", minimum: 100, maximum: 10_000, default: 2_000 },
      content_type: {
        description: "Entries are an array of JSON; with `application/x-ndjson` each stands on a line of its own.",
        ...FIELD_VALUE,
        minLength: 1,
        default: "application/json",
      },
      headers: {
        description: "Further fields, such as credentials of the endpoint.",
        type: "object",
        propertyNames: {
          ...FIELD_NAME,
          not: { pattern: "^([Cc]ontent-[Ll]ength|[Tt]ransfer-[Ee]ncoding|[Cc]onnection|[Hh]ost)$" },
        },
        additionalProperties: { ...FIELD_VALUE, writeOnly: true },
        default: {},
      },
      include_headers: {
        description:
          "Whether entries have the fields of request and response. Values of fields that hold secrets are left out.",
        type: "boolean",
        default: false,
      },
      include_body: { description: "Whether entries have the sizes of the bodies.", type: "boolean", default: false },
      custom_fields: {
        description: "Members of every entry.",
        type: "object",
        additionalProperties: { type: "string" },
        default: {},
      },
      batch_max: {
        description: "Entries of one delivery at most. With 1 an entry is sent by itself, and not as an array.",
        type: "integer",
        minimum: 1,
        maximum: 10_000,
        default: 100,
      },
      flush_ms: {
        description: "How long an entry waits for others, milliseconds.",
        type: "integer",
        minimum: 0,
        maximum: 60_000,
        default: 1_000,
      },
      queue_max: {
        description: "Entries that wait at most. When there are more, the oldest are lost, and counted.",
        type: "integer",
        minimum: 1,
        maximum: 1_000_000,
        default: 10_000,
      },
    },
  },
};
