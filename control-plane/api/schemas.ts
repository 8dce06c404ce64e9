/** Schemas that several routes share, by the names they have in the OpenAPI document. */
import type { Schema } from "./route.ts";

const text: Schema = { type: "string" };
const count: Schema = { type: "integer", minimum: 0 };
const time: Schema = { type: "integer", description: "Milliseconds since 1970-01-01T00:00:00Z." };
const accountId: Schema = { type: "string", pattern: "^[0-9]{12}$" };

function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  return { type: "object", properties, required: Object.keys(properties).filter((name) => !optional.includes(name)) };
}

export function schemaRef(name: keyof typeof SCHEMAS): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** A page of records. */
export function pageOf(name: keyof typeof SCHEMAS): Schema {
  return object(
    {
      items: { type: "array", items: schemaRef(name) },
      next: { type: "string", description: "Give it as `after` for the next page; absent on the last." },
    },
    ["next"],
  );
}

/** A regional resource of a service. */
function resource(service: string): Schema {
  return {
    ...object({
      resourceId: text,
      accountId,
      region: text,
      name: text,
      createdAt: time,
      modifiedAt: time,
      revision: count,
      configured: { type: "array", items: text, description: "Names of the configuration sections that were put." },
    }),
    description: `Its configuration is told by ${service}.`,
  };
}

export const SCHEMAS = {
  Problem: {
    ...object({ type: text, title: text, status: count, code: text, detail: text, instance: text }, [
      "detail",
      "instance",
    ]),
    description: "RFC 9457. `code` is permanent; decide on it.",
  },
  Health: object({ status: { enum: ["ok", "failing"] }, checks: { type: "object" } }),
  Account: object({ accountId, name: text, canonicalUserId: text, createdAt: time }),
  User: object({
    accountId,
    userName: text,
    userId: text,
    arn: text,
    path: text,
    inlinePolicies: { type: "object", additionalProperties: text },
    createdAt: time,
  }),
  AccessKey: object({
    accessKeyId: text,
    accountId,
    owner: object({ type: { enum: ["root", "user"] }, userName: text }, ["userName"]),
    status: { enum: ["Active", "Inactive"] },
    createdAt: time,
  }),
  Bucket: object({
    name: text,
    bucketId: text,
    accountId,
    region: text,
    createdAt: time,
    objectLockEnabled: { type: "boolean" },
    configured: { type: "array", items: text, description: "Names of the configuration sections that were put." },
  }),
  DataPlane: object({ dataPlaneId: text, name: text, enrolledAt: time }),
  Queue: resource("SQS"),
  Table: resource("DynamoDB"),
  Event: object({
    id: count,
    aggregateType: text,
    aggregateId: text,
    aggregateSequence: count,
    type: text,
    version: count,
    occurredAt: time,
    actor: text,
    org: accountId,
    requestId: text,
    correlationId: text,
    causationId: { type: ["integer", "null"] },
    payload: { type: "object", description: "By type; never holds a secret, not even a sealed one." },
  }),
  Status: object({
    version: text,
    controlPlaneId: text,
    head: { ...count, description: "The last event." },
    startedAt: time,
    now: time,
    counts: object({
      accounts: count,
      users: count,
      accessKeys: count,
      buckets: count,
      queues: count,
      tables: count,
    }),
    dataPlanes: {
      type: "array",
      items: object(
        {
          dataPlaneId: text,
          name: text,
          kind: text,
          version: text,
          via: text,
          connectedAt: time,
          lastHeartbeatAt: time,
          appliedThrough: count,
          lag: { ...count, description: "Events that its catalog had not applied at its last heartbeat." },
          state: { enum: ["starting", "ready", "draining"] },
          endpoint: text,
          startedAt: time,
          residentBytes: count,
        },
        ["lastHeartbeatAt", "appliedThrough", "lag", "state", "endpoint", "startedAt", "residentBytes"],
      ),
    },
  }),
  Command: {
    type: "object",
    required: ["type"],
    properties: {
      type: {
        enum: [
          "account.create",
          "user.create",
          "user.delete",
          "userPolicy.put",
          "userPolicy.delete",
          "accessKey.create",
          "accessKey.update",
          "accessKey.delete",
          "dataPlane.forget",
        ],
      },
    },
    description: "A command and its members.",
  },
  CommandResult: object({
    eventId: { ...count, description: "Everything that is decided is visible from this event on." },
    result: { type: "object", description: "By type; secrets are shown here and never again." },
  }),
} as const satisfies Readonly<Record<string, Schema>>;
