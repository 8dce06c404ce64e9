/** The service as the front door gets it. */
import type { Service } from "#data-plane/service";
import { loadServiceModel } from "#foundation/aws";
import { assumeRole } from "../operations/assume-role.ts";
import { assumeRoleWithWebIdentity } from "../operations/assume-role-with-web-identity.ts";
import { identities } from "../operations/identities.ts";
import { userSessions } from "../operations/user-sessions.ts";
import { STS_PERMISSIONS } from "../permissions.ts";
import { type FetchDocument, fetchDocuments } from "../web-identity/fetch-document.ts";
import { ProviderKeys } from "../web-identity/provider-keys.ts";
import { operationsOf } from "./define.ts";
import type { StsEnvironment } from "./environment.ts";

const definitionsOf = (tools: StsEnvironment, keys: ProviderKeys) => ({
  ...identities(tools),
  ...userSessions(tools),
  ...assumeRole(tools),
  ...assumeRoleWithWebIdentity(tools, keys),
});

/** Operations of STS that this service carries out. */
export type StsOperationName = keyof ReturnType<typeof definitionsOf>;

/**
 * The STS service. It needs no control plane: sessions are written down nowhere but in their own tokens.
 *
 * @param fetch how documents of identity providers are fetched
 * @example
 * const sts = await createStsService({ catalog, clock, timers, random });
 * const door = await createFrontDoor({ services: [sts], … });
 */
export async function createStsService(
  environment: StsEnvironment,
  fetch: FetchDocument = fetchDocuments(environment.timers),
): Promise<Service> {
  const keys = new ProviderKeys(fetch, environment.clock);
  return {
    name: "sts",
    operations: operationsOf(await loadServiceModel("sts"), definitionsOf(environment, keys)),
    permissions: STS_PERMISSIONS,
    close: async () => {},
  };
}
