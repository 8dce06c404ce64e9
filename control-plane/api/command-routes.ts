/** The route by which the operator asks the control plane to decide. */
import type { Command } from "#contracts";
import type { CommandOf } from "#control-plane/events";
import { json, ProblemError, readJson } from "#foundation/http";
import { actorOf } from "./authentication/caller.ts";
import type { DataPlaneRegistry } from "./data-plane-registry.ts";
import { IDEMPOTENCY_HEADER, idempotencyKeyOf, refusalProblem, STATUS } from "./execute.ts";
import { COMMAND_BYTES_MAX } from "./limits.ts";
import type { Route } from "./route.ts";
import { OPERATOR_COMMANDS, schemaRef } from "./schemas.ts";

const ALLOWED: ReadonlySet<string> = new Set(OPERATOR_COMMANDS);

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

export const COMMAND_ROUTES: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/commands",
    operationId: "executeCommand",
    summary: "Has the control plane decide.",
    description: "Buckets are changed through the S3 endpoint, not here.",
    scope: "cloud:admin",
    headers: IDEMPOTENCY_HEADER,
    requestBody: schemaRef("Command"),
    answer: {
      status: 200,
      contentType: "application/json",
      schema: schemaRef("CommandResult"),
      description: "Decided, and durable.",
    },
    problems: ["COMMAND_NOT_ALLOWED", "INVALID_IDEMPOTENCY_KEY", "DATA_PLANE_CONNECTED", ...Object.keys(STATUS)],
    async handle({ request, caller }, { core, registry }) {
      const idempotencyKey = idempotencyKeyOf(request);
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
        actor: actorOf(caller),
        requestId: request.id,
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      });
      if (!outcome.ok) throw refusalProblem(outcome);
      // One that has come back since it was looked for, and was let in as enrolled.
      if (isForgetting(command)) registry.end(command.dataPlaneId, "this data plane was forgotten");
      return json({ eventId: outcome.eventId, result: outcome.result }, 200, [["cache-control", "no-store"]]);
    },
  },
];
