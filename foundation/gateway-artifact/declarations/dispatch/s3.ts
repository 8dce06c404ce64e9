import type { DispatcherDeclaration } from "../../plugin-declaration.ts";
import { SECONDS, SERVER_URL } from "./shapes.ts";

export const S3: DispatcherDeclaration = {
  name: "s3",
  kind: "dispatcher",
  summary: "Reads and writes objects of S3, or of another store that speaks as it does",
  urls: ["endpoint"],
  config: {
    type: "object",
    additionalProperties: false,
    required: ["access_key_id", "secret_access_key", "region"],
    properties: {
      access_key_id: { type: "string", minLength: 1 },
      secret_access_key: { type: "string", minLength: 1, writeOnly: true },
      session_token: { type: "string", minLength: 1, writeOnly: true },
      region: { type: "string", pattern: "^[a-z0-9-]{1,64}$" },
      endpoint: { ...SERVER_URL, description: "Address of the store. Default: that of S3 in the region." },
      force_path_style: {
        type: "boolean",
        default: false,
        description: "Whether the bucket is named in the path, and not in the host.",
      },
      bucket: {
        type: "string",
        pattern: "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        description: "The bucket of every request, in the place of `bucket_param`.",
      },
      bucket_param: {
        type: "string",
        minLength: 1,
        default: "bucket",
        description: "Name of the path parameter that is the bucket.",
      },
      key_param: {
        type: "string",
        minLength: 1,
        default: "key",
        description: "Name of the path parameter that is the key; {key+} in the path takes keys with slashes.",
      },
      fallback_key: {
        type: "string",
        minLength: 1,
        maxLength: 1024,
        description:
          "What GET and HEAD are given in the place of an object that is not there (404), such as the page of an application. Without the right to list its bucket, S3 says 403.",
      },
      timeout: { ...SECONDS, default: 30, description: "Seconds from the sent request to the head of the response." },
    },
  },
};
