/** The way of a change: a command that the control plane decides, and its refusals in IAM's words. */
import type {
  Command,
  CommandErrorCode,
  CommandOrigin,
  CommandResults,
  IdentityCommand,
  IdentityKind,
  IdentityPatch,
  IdentityRecord,
} from "#contracts";
import type { CallContext } from "#data-plane/service";
import { AwsError } from "#foundation/aws";
import { sleep } from "#foundation/runtime";
import { callerOf } from "./define.ts";
import type { IamEnvironment } from "./environment.ts";

/** How often a change is worked out again because somebody was faster. */
const ATTEMPTS_MAX = 20;
/** The catalog is a moment behind the control plane that refused. */
const AGAIN_AFTER_MS = 10;

const originOf = (context: CallContext): CommandOrigin => ({
  actor: callerOf(context).arn,
  requestId: context.requestId,
});

/**
 * Has a command carried out.
 * @throws AwsError what IAM answers for the refusal; ControlPlaneUnavailable
 */
export async function execute<C extends Command>(
  { control }: IamEnvironment,
  context: CallContext,
  command: C,
): Promise<CommandResults[C["type"]]> {
  const outcome = await control.execute(command, originOf(context));
  if (!outcome.ok) throw refusal(outcome);
  return outcome.result;
}

/** Changes sections, whatever they are now. Members of maps that are not named stay. */
export async function patch<Kind extends IdentityKind>(
  tools: IamEnvironment,
  context: CallContext,
  record: IdentityRecord<Kind>,
  sections: IdentityPatch<Kind>,
): Promise<void> {
  await execute(tools, context, configureCommand(record, sections));
}

/**
 * Changes sections as it follows from what they are. Worked out again when another change came between.
 *
 * @param work gives the patch; throws what the caller is told
 * @throws AwsError ConcurrentModification when others are faster again and again
 */
export async function revise<Kind extends IdentityKind>(
  tools: IamEnvironment,
  context: CallContext,
  record: IdentityRecord<Kind>,
  work: (current: IdentityRecord<Kind>) => IdentityPatch<Kind>,
): Promise<void> {
  const { control, catalog, timers } = tools;
  let current = record;
  for (let attempt = 1; ; attempt++) {
    const command = configureCommand(current, work(current), current.revision);
    const outcome = await control.execute(command, originOf(context));
    if (outcome.ok) return;
    if (outcome.code !== "RevisionMismatch" || attempt === ATTEMPTS_MAX) throw refusal(outcome);
    const { accountId, entityId } = current;
    // As it was: what came between has not arrived here yet.
    if (catalog.entity(record.kind, accountId, entityId) === current) await sleep(timers, AGAIN_AFTER_MS);
    // Gone: the control plane says so in its words.
    current = catalog.entity(record.kind, accountId, entityId) ?? current;
  }
}

function configureCommand<Kind extends IdentityKind>(
  { kind, accountId, entityId }: IdentityRecord<Kind>,
  sections: IdentityPatch<Kind>,
  ifRevision?: number,
): Command {
  const command = { type: `${kind}.configure`, accountId, entityId, sections };
  // The compiler cannot see that kind and sections belong together once they are members of a union.
  return (ifRevision === undefined ? command : { ...command, ifRevision }) as IdentityCommand;
}

/** What IAM calls the refusals of the control plane. The messages are IAM's own already. */
const CODES: Readonly<Partial<Record<CommandErrorCode, string>>> = {
  ValidationFailed: "ValidationError",
  EntityAlreadyExists: "EntityAlreadyExists",
  AccountAliasTaken: "EntityAlreadyExists",
  NoSuchEntity: "NoSuchEntity",
  NoSuchAccessKey: "NoSuchEntity",
  MalformedPolicyDocument: "MalformedPolicyDocument",
  PolicyNotAttachable: "PolicyNotAttachable",
  LimitExceeded: "LimitExceeded",
  DeleteConflict: "DeleteConflict",
  RevisionMismatch: "ConcurrentModification",
};

function refusal(outcome: { readonly code: CommandErrorCode; readonly message: string }): AwsError {
  const code = CODES[outcome.code];
  if (code === "ValidationError") return new AwsError(code, outcome.message, { statusCode: 400 });
  if (code !== undefined) return new AwsError(code, outcome.message);
  return new AwsError("ServiceFailure", "We encountered an internal error. Please try again.", {
    fault: "server",
    cause: outcome,
  });
}
