/** What temporary credentials can be used for at all, whatever their policies say (IAM User Guide, "Comparing the AWS STS API operations"). */
import type { Caller } from "#data-plane/service";
import { AwsError, type RoutedOperation } from "#foundation/aws";
import { SignatureError } from "#foundation/aws/sigv4";

const FOR_SESSIONS_OF_USERS: ReadonlySet<string> = new Set(["AssumeRole", "GetCallerIdentity"]);
const FOR_FEDERATED_USERS: ReadonlySet<string> = new Set(["GetCallerIdentity"]);

/**
 * Sessions of GetSessionToken, which here are always without MFA, and of GetFederationToken do not reach IAM; of STS they reach what continues them, and what
 * says who they are. Sessions of roles and of members reach everything but what makes sessions of users.
 *
 * @throws SignatureError `invalid-token` from IAM, as AWS words it; AwsError `AccessDenied` from STS
 */
export function expectSessionReaches(
  { service, operation }: Pick<RoutedOperation, "service" | "operation">,
  caller: Caller,
): void {
  if (caller.type === "anonymous" || caller.session === undefined) return;
  const isOfUser = caller.type === "user" || caller.type === "root";
  const isFederated = caller.type === "federated";
  if (service.service === "iam" && (isOfUser || isFederated)) throw new SignatureError({ reason: "invalid-token" });
  if (service.service !== "sts") return;
  const { name } = operation;
  const reached = isOfUser
    ? FOR_SESSIONS_OF_USERS.has(name)
    : isFederated
      ? FOR_FEDERATED_USERS.has(name)
      : name !== "GetSessionToken" && name !== "GetFederationToken";
  if (reached) return;
  throw new AwsError("AccessDenied", `Cannot call ${name} with session credentials`, { statusCode: 403 });
}
