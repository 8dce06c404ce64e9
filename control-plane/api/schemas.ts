/** Schemas that several routes share, by the names they have in the OpenAPI document. */

import { type CommandType, IDENTITY_KINDS, ORG_ROLES } from "#contracts";
import { ORG_SCOPES } from "#control-plane/platform-identity";
import { AUDIT_CATEGORIES, AUDIT_DECISIONS } from "#foundation/audit";
import { named } from "./named-schemas.ts";
import type { ObjectSchema, Schema } from "./route.ts";

export const text: Schema = { type: "string" };
export const count: Schema = { type: "integer", minimum: 0 };
/** ISO 8601, in UTC. */
export const moment: Schema = { type: "string", format: "date-time" };
export const time: Schema = { type: "integer", description: "Milliseconds since 1970-01-01T00:00:00Z." };
export const accountId: Schema = { type: "string", pattern: "^[0-9]{12}$" };
export const email: Schema = { type: "string", format: "email" };
export const orgRole: Schema = named("OrgRole", { enum: ORG_ROLES });
export const scopes: Schema = { type: "array", items: named("OrgScope", { enum: ORG_SCOPES }), uniqueItems: true };

/** @param optional the members that may be missing */
export function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): ObjectSchema {
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

/** The commands that the operator may give. */
export const OPERATOR_COMMANDS: readonly CommandType[] = [
  "account.create",
  "account.configure",
  ...IDENTITY_KINDS.flatMap((kind) => [`${kind}.create`, `${kind}.configure`, `${kind}.delete`] as const),
  "user.rename",
  "group.rename",
  "accessKey.create",
  "accessKey.update",
  "accessKey.delete",
  "dataPlane.forget",
];

export const SCHEMAS = {
  Problem: {
    ...object(
      {
        type: text,
        title: text,
        status: count,
        code: text,
        detail: text,
        instance: text,
        retryable: { type: "boolean", description: "Whether the same again may succeed, where that is known." },
        details: { type: "object", description: "By code." },
      },
      ["detail", "instance", "retryable", "details"],
    ),
    additionalProperties: true,
    description: "RFC 9457. `code` is permanent; decide on it.",
  },
  Health: object({ status: { enum: ["ok", "failing"] }, checks: { type: "object" } }),
  Account: object({ accountId, name: text, canonicalUserId: text, alias: text, createdAt: time }, ["alias"]),
  Org: {
    ...object({ accountId, name: text, alias: text, createdAt: time, role: orgRole }, ["alias"]),
    description: "An org is an AWS account. `role` is the caller's.",
  },
  Member: object({ personId: text, email, name: text, role: orgRole, createdAt: time, sessionsValidFrom: time }, [
    "sessionsValidFrom",
  ]),
  Person: object({ personId: text, email, name: text, createdAt: time }),
  Invitation: object({ invitationId: text, accountId, email, role: orgRole, createdAt: time, expiresAt: time }),
  ServicePrincipal: object(
    {
      principalId: { ...text, description: "Also the `client_id`." },
      accountId,
      name: text,
      role: orgRole,
      scopes,
      createdAt: time,
      rotatedAt: time,
    },
    ["rotatedAt"],
  ),
  ApiToken: object({ tokenId: text, name: text, scopes, accountId, createdAt: time, expiresAt: time }, [
    "accountId",
    "expiresAt",
  ]),
  Session: object(
    {
      sessionId: text,
      clientName: text,
      scopes,
      createdAt: time,
      refreshedAt: time,
      expiresAt: time,
      current: { type: "boolean", description: "Whether it is the one that asks." },
    },
    ["refreshedAt"],
  ),
  WhoAmI: object(
    {
      type: { enum: ["operator", "person", "servicePrincipal"] },
      id: text,
      name: text,
      email,
      scopes: { ...scopes, description: "What the credential is good for; in each org, the role sets the bounds." },
      orgs: {
        type: "array",
        items: object({ accountId, name: text, role: orgRole, scopes }),
      },
    },
    ["id", "name", "email"],
  ),
  Tokens: {
    ...object(
      {
        access_token: text,
        token_type: { const: "Bearer" },
        expires_in: { ...count, description: "Seconds." },
        refresh_token: text,
        scope: { ...text, description: "Separated by spaces." },
      },
      ["refresh_token"],
    ),
    description: "RFC 6749 §5.1. A refresh token is good once: the answer to it holds the next one.",
  },
  OAuthError: {
    ...object({ error: text, error_description: text, code: text, detail: text }),
    description: "RFC 6749 §5.2; `code` and `detail` say the same, for clients of the rest of the API.",
  },
  AwsCredentials: object({
    accessKeyId: text,
    secretAccessKey: text,
    sessionToken: text,
    expiration: { type: "string", format: "date-time" },
  }),
  IamEntity: object({
    entityId: text,
    accountId,
    name: text,
    path: text,
    arn: text,
    createdAt: time,
    modifiedAt: time,
    revision: count,
    sections: { type: "object", description: "Policies, groups, tags and so on, by kind of entity." },
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
  AuditEntry: object(
    {
      sequence: count,
      hash: text,
      at: time,
      plane: { enum: ["control", "data"] },
      category: { enum: [...AUDIT_CATEGORIES] },
      actor: { type: "object", description: "type and id, and what is known besides: account, key, token, session." },
      action: text,
      resource: text,
      resourceAccount: text,
      decision: { enum: [...AUDIT_DECISIONS] },
      reason: text,
      requestId: text,
      sourceIp: text,
      userAgent: text,
      errorCode: text,
      details: { type: "object" },
      count: { ...count, description: "For how many like ones it stands." },
      until: time,
    },
    ["resource", "resourceAccount", "sourceIp", "userAgent", "errorCode", "details", "count", "until"],
  ),
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
        enum: OPERATOR_COMMANDS,
      },
    },
    additionalProperties: true,
    description: "A command and its members.",
  },
  CommandResult: object({
    eventId: { ...count, description: "Everything that is decided is visible from this event on." },
    result: { type: "object", description: "By type; secrets are shown here and never again." },
  }),
} as const satisfies Readonly<Record<string, Schema>>;
