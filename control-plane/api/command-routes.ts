/** The route by which people and programs ask the control plane to decide. */
import type { Command, CommandErrorCode, CommandType } from "#contracts";
import type { CommandOf } from "#control-plane/events";
import { json, ProblemError, readJson } from "#foundation/http";
import type { DataPlaneRegistry } from "./data-plane-registry.ts";
import { COMMAND_BYTES_MAX } from "./limits.ts";
import type { Route } from "./route.ts";
import { SCHEMAS, schemaRef } from "./schemas.ts";

/**
 * What may be asked here. Buckets are not among it: their configuration is validated, and their emptiness made sure, by the data plane that holds them, so
 * they are changed through the S3 endpoint.
 */
const ALLOWED: ReadonlySet<string> = new Set<CommandType>(SCHEMAS.Command.properties.type.enum);

const STATUS: Readonly<Record<CommandErrorCode, number>> = {
  ValidationFailed: 400,
  BucketAlreadyExists: 409,
  BucketAlreadyOwnedByYou: 409,
  NoSuchBucket: 404,
  TooManyBuckets: 409,
  AccountAlreadyExists: 409,
  NoSuchAccount: 404,
  UserAlreadyExists: 409,
  NoSuchUser: 404,
  NoSuchPolicy: 404,
  MalformedPolicyDocument: 400,
  NoSuchAccessKey: 404,
  AnotherDataPlane: 409,
  NoSuchDataPlane: 404,
  ResourceAlreadyExists: 409,
  NoSuchResource: 404,
  RevisionMismatch: 409,
  LimitExceeded: 409,
  DeleteConflict: 409,
  IdempotencyKeyReused: 409,
  Internal: 500,
};

const isForgetting = (command: unknown): command is CommandOf<"dataPlane.forget"> =>
  (command as CommandOf<"dataPlane.forget">).type === "dataPlane.forget";

/** @throws ProblemError 409 for a data plane that is there: it is not lost */
function refuseWhileConnected(command: unknown, registry: DataPlaneRegistry): void {
  if (!isForgetting(command) || !registry.has(command.dataPlaneId)) return;
  throw new ProblemError({
    status: 409,
    code: "DATA_PLANE_CONNECTED",
    title: "This data plane is connected.",
    detail: "What is connected is not lost. Stop it first; what it holds cannot be reached once another has its place.",
  });
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

export const COMMAND_ROUTES: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/commands",
    operationId: "executeCommand",
    summary: "Has the control plane decide.",
    description: "Buckets are changed through the S3 endpoint, not here.",
    scope: "write",
    headers: {
      "Idempotency-Key":
        "1 to 255 printable ASCII characters. The same command under the same key within 24 hours gets the first answer and changes nothing.",
    },
    requestBody: schemaRef("Command"),
    answer: {
      status: 200,
      contentType: "application/json",
      schema: schemaRef("CommandResult"),
      description: "Decided, and durable.",
    },
    problems: ["COMMAND_NOT_ALLOWED", "INVALID_IDEMPOTENCY_KEY", "DATA_PLANE_CONNECTED", ...Object.keys(STATUS)],
    async handle({ request }, { core, registry }) {
      const idempotencyKey = request.headers.get("idempotency-key");
      if (idempotencyKey !== undefined && !IDEMPOTENCY_KEY.test(idempotencyKey)) {
        throw new ProblemError({
          status: 400,
          code: "INVALID_IDEMPOTENCY_KEY",
          title: "The Idempotency-Key is not valid.",
          detail: "Send 1 to 255 printable ASCII characters, for example a UUID.",
        });
      }
      const command = await readJson(request, COMMAND_BYTES_MAX);
      const type = typeof command === "object" && command !== null && "type" in command ? command.type : undefined;
      if (typeof type !== "string" || !ALLOWED.has(type)) {
        throw new ProblemError({
          status: 400,
          code: "COMMAND_NOT_ALLOWED",
          title: "This command cannot be given here.",
          detail: `Known here: ${[...ALLOWED].join(", ")}. Buckets are changed through the S3 endpoint.`,
        });
      }
      refuseWhileConnected(command, registry);
      // The core checks every member of what it is given.
      const outcome = await core.execute(command as Command, {
        actor: "token:root",
        requestId: request.id,
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      });
      if (!outcome.ok) {
        throw new ProblemError({
          status: STATUS[outcome.code],
          code: outcome.code,
          title: "The control plane refused.",
          detail: outcome.message,
        });
      }
      // One that has come back since it was looked for, and was let in as enrolled.
      if (isForgetting(command)) registry.end(command.dataPlaneId, "this data plane was forgotten");
      return json({ eventId: outcome.eventId, result: outcome.result }, 200, [["cache-control", "no-store"]]);
    },
  },
];
