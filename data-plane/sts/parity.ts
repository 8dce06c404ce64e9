/** What this service offers, for the parity table. */
import { STS_PERMISSIONS } from "./permissions.ts";

/** The operations that are registered. */
export const stsOperationNames: readonly string[] = Object.keys(STS_PERMISSIONS);

const NO_SECOND_FACTORS = "there are no MFA devices: SerialNumber and TokenCode are refused";

/** What is missing within an operation, as the end of a sentence; operations without a note lack nothing that is known. */
export const stsParityNotes: Readonly<Record<string, string>> = {
  AssumeRole: `${NO_SECOND_FACTORS}; ProvidedContexts are refused`,
  AssumeRoleWithWebIdentity: "OpenID Connect providers only, no OAuth 2.0 access tokens (ProviderId)",
  GetSessionToken: NO_SECOND_FACTORS,
};
