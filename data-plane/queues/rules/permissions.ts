/**
 * Permissions as AddPermission and RemovePermission write them into a queue's policy.
 *
 * Source: SQS API Reference, AddPermission; SQS Developer Guide, "Using custom policies with the Amazon SQS Access Policy Language", "Limitations".
 */
import { PolicySyntaxError, parsePolicy } from "#foundation/policy";
import { invalidAttributeValue, invalidValue, missingParameter, overLimit } from "../errors.ts";

const LABEL = /^[A-Za-z0-9_-]{1,80}$/;
const ACTIONS_MAX = 7;
const STATEMENTS_MAX = 20;
const PRINCIPALS_MAX = 50;

/** Actions that another account can be given. Batches come with the action for single messages. */
const SHAREABLE: ReadonlySet<string> = new Set([
  "*",
  "ChangeMessageVisibility",
  "DeleteMessage",
  "GetQueueAttributes",
  "GetQueueUrl",
  "ListDeadLetterSourceQueues",
  "PurgeQueue",
  "ReceiveMessage",
  "SendMessage",
]);

/** Actions that only the account of the queue may take, whatever its policy says. */
export const OWNER_ACTIONS: ReadonlySet<string> = new Set([
  "AddPermission",
  "CancelMessageMoveTask",
  "CreateQueue",
  "DeleteQueue",
  "ListMessageMoveTasks",
  "ListQueues",
  "ListQueueTags",
  "RemovePermission",
  "SetQueueAttributes",
  "StartMessageMoveTask",
  "TagQueue",
  "UntagQueue",
]);

export interface Permission {
  readonly label: string;
  readonly accountIds: readonly string[];
  readonly actions: readonly string[];
}

/** A statement as it stands in the document; what others wrote there is kept as it is. */
interface Statement {
  readonly Sid?: unknown;
}

interface Document {
  readonly Version?: string;
  readonly Id?: string;
  readonly Statement: readonly Statement[];
}

/**
 * Checks what AddPermission asks for.
 *
 * @param exists whether there is such an account
 * @throws AwsError MissingParameter, InvalidParameterValue, OverLimit
 */
export function checkPermission(
  { label, accountIds, actions }: Permission,
  exists: (accountId: string) => boolean,
): void {
  if (label === "") throw missingParameter("Label");
  if (!LABEL.test(label)) {
    throw invalidValue(
      label,
      "Label",
      "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.",
    );
  }
  if (accountIds.length === 0) throw missingParameter("AWSAccountIds");
  if (actions.length === 0) throw missingParameter("Actions");
  if (actions.length > ACTIONS_MAX) {
    throw overLimit(`${actions.length} Actions were found, maximum allowed is ${ACTIONS_MAX}.`);
  }
  if (accountIds.length > PRINCIPALS_MAX) {
    throw overLimit(`${accountIds.length} AWSAccountIds were found, maximum allowed is ${PRINCIPALS_MAX}.`);
  }
  for (const action of actions) {
    if (OWNER_ACTIONS.has(action)) {
      throw invalidValue(`SQS:${action}`, "ActionName", "Only the queue owner is allowed to invoke this action.");
    }
    if (!SHAREABLE.has(action)) {
      throw invalidValue(
        `SQS:${action}`,
        "ActionName",
        "Please refer to the appropriate WSDL for a list of valid actions. ",
      );
    }
  }
  for (const accountId of accountIds) {
    if (!/^\d{12}$/.test(accountId) || !exists(accountId)) {
      throw invalidValue(`[${accountId}]`, "PrincipalId", "Unable to verify.");
    }
  }
}

/** The policy with one statement more. @throws AwsError InvalidParameterValue when the label is taken, OverLimit */
export function withPermission(policy: string | undefined, arn: string, permission: Permission): string {
  const document = read(policy);
  const { label, accountIds, actions } = permission;
  if (document.Statement.some(({ Sid }) => Sid === label)) throw invalidValue(label, "Label", "Already exists.");
  if (document.Statement.length >= STATEMENTS_MAX) throw tooManyStatements(document.Statement.length + 1);
  const statement = {
    Sid: label,
    Effect: "Allow",
    Principal: { AWS: oneOrAll(accountIds.map((accountId) => `arn:aws:iam::${accountId}:root`)) },
    Action: oneOrAll(actions.map((action) => `SQS:${action}`)),
    Resource: arn,
  };
  return JSON.stringify({
    Version: document.Version ?? "2008-10-17",
    Id: document.Id ?? `${arn}/SQSDefaultPolicy`,
    Statement: [...document.Statement, statement],
  });
}

/** The policy without the statement of a label; empty when nothing is left. @throws AwsError InvalidParameterValue */
export function withoutPermission(policy: string | undefined, label: string): string {
  const document = read(policy);
  const statements = document.Statement.filter(({ Sid }) => Sid !== label);
  if (statements.length === document.Statement.length) throw invalidValue(label, "Label", "can't find label.");
  return statements.length === 0 ? "" : JSON.stringify({ ...document, Statement: statements });
}

/** Checks a policy that is set as a whole. @throws AwsError InvalidAttributeValue, OverLimit */
export function checkQueuePolicy(text: string): void {
  try {
    const { statements } = parsePolicy(text, "resource");
    if (statements.length > STATEMENTS_MAX) throw tooManyStatements(statements.length);
  } catch (error) {
    if (error instanceof PolicySyntaxError) throw invalidAttributeValue("Policy");
    throw error;
  }
}

const tooManyStatements = (count: number) =>
  overLimit(`${count} statements were found in the submitted policy, max allowed is ${STATEMENTS_MAX}`);

const oneOrAll = (texts: readonly string[]): string | readonly string[] => (texts.length === 1 ? texts[0]! : texts);

/** The text was checked when it was set. */
function read(policy: string | undefined): Document {
  if (policy === undefined) return { Statement: [] };
  const document = JSON.parse(policy) as { readonly Statement: Statement | readonly Statement[] };
  return {
    ...document,
    Statement: Array.isArray(document.Statement) ? document.Statement : [document.Statement as Statement],
  };
}
