/** `biplane aws-credentials` */
import { changeByApi } from "../../cli/api-client.ts";
import type { CommandBody } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { findPerson } from "../../cli/logins.ts";
import { shellAssignment } from "../../cli/shell.ts";
import { parseSeconds } from "../../cli/units.ts";
import { orgOf } from "../orgs/org-of.ts";

interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** ISO 8601. */
  readonly expiration: string;
}

export const awsCredentials: CommandBody = async (context) => {
  const { arguments: given, terminal, json } = context;
  const duration = given.text("duration");
  const durationSeconds = duration === undefined ? undefined : parseSeconds(duration);
  if (duration !== undefined && durationSeconds === undefined) {
    throw usageError(`--duration must be a time such as 15m or 12h, not "${duration}".`);
  }
  const assign = shellAssignment(given);
  const access = findPerson(context);
  const { accountId } = await orgOf(context, access);
  const credentials = await changeByApi<AwsCredentials>(access, "POST", `/v1/orgs/${accountId}/credentials`, {
    ...(durationSeconds === undefined ? {} : { durationSeconds }),
  });
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = credentials;
  if (json) {
    // The form that `credential_process` wants (AWS SDKs and Tools Reference Guide, "Process credential provider").
    terminal.json({
      Version: 1,
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      SessionToken: sessionToken,
      Expiration: expiration,
    });
    return undefined;
  }
  terminal.line(assign("AWS_ACCESS_KEY_ID", accessKeyId));
  terminal.line(assign("AWS_SECRET_ACCESS_KEY", secretAccessKey));
  terminal.line(assign("AWS_SESSION_TOKEN", sessionToken));
  terminal.note(`Good until ${expiration}.`);
  return undefined;
};
