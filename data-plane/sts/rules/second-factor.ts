/** Second factors: there are none here, so that none can be shown. Pure. */
import { accessDenied } from "../errors.ts";

interface SecondFactorInput {
  readonly SerialNumber?: string;
  readonly TokenCode?: string;
}

/** @throws AwsError AccessDenied when a device is named: a session must not pass for one that was made with a second factor */
export function expectNoSecondFactor({ SerialNumber, TokenCode }: SecondFactorInput): void {
  if (SerialNumber === undefined && TokenCode === undefined) return;
  throw accessDenied(
    "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.",
  );
}
