/** Lets a gateway in: looks at its key, and has it noted as one of its project. */
import type {
  CatalogRecord,
  Command,
  CommandOrigin,
  CommandOutcome,
  GatewayKeyRecord,
  RegistrationFailure,
} from "#contracts";
import { type CatalogReader, groups } from "#control-plane/events";
import { authenticateGateway, type GatewayKeyFailure } from "#control-plane/gateways/fleet";
import type { Registration } from "./session-machine-types.ts";

/** What the link needs of the control plane. */
export interface AdmissionCore {
  readonly views: CatalogReader;
  execute<Given extends Command>(command: Given, origin: CommandOrigin): Promise<CommandOutcome<Given["type"]>>;
}

export type Admission =
  | { readonly ok: true; readonly gatewayId: string; readonly key: GatewayKeyRecord; readonly hash: string }
  | { readonly ok: false; readonly reason: RegistrationFailure; readonly message: string; readonly retry: boolean };

const refused = (reason: RegistrationFailure, message: string, retry: boolean): Admission => ({
  ok: false,
  reason,
  message,
  retry,
});

const OF_KEYS: Readonly<Record<GatewayKeyFailure, string>> = {
  unknown_key: "this control plane has no such key",
  expired_key: "the key has expired",
  revoked_key: "the key was revoked",
  wrong_project: "the key is of another project",
  missing_scope: "the key lacks the scope data-plane:connect",
};

/** @param apiKey as the connection showed it */
export async function admitGateway(
  registration: Registration,
  apiKey: string,
  core: AdmissionCore,
  now: number,
): Promise<Admission> {
  if (registration.api_key !== apiKey)
    return refused("bad_message", "the key of the registration is not that of the connection", false);
  const { project_id: projectId, instance_id: instanceId, name, metadata } = registration;
  const shown = authenticateGateway(core.views, apiKey, { projectId, scope: "data-plane:connect" }, now);
  if (!shown.ok) return refused(shown.reason, OF_KEYS[shown.reason], false);
  const { key, hash } = shown;
  const group = registration.group === undefined ? undefined : groupNamed(core.views, projectId, registration.group);
  if (registration.group !== undefined && group === undefined)
    // Somebody may make it.
    return refused("unknown_group", `the project has no group of gateways named ${registration.group}`, true);
  const { version, hostname } = metadata;
  const outcome = await core.execute(
    {
      type: "gateway.register",
      projectId,
      keyId: key.keyId,
      instanceId,
      ...(name === undefined ? {} : { name }),
      metadata: { version, hostname },
    },
    { actor: `gateway-key:${key.keyId}`, requestId: "gateway-register" },
  );
  if (!outcome.ok) return notNoted(outcome);
  const { gatewayId } = outcome.result;
  const gateway = core.views.record("gateway", gatewayId);
  if (gateway === undefined) return refused("unavailable", "this gateway was removed meanwhile", true);
  if (group !== undefined && gateway.groupId !== group.groupId) {
    const { accountId } = gateway;
    const moved = await core.execute(
      { type: "gateway.update", accountId, gatewayId, groupId: group.groupId },
      { actor: `gateway:${gatewayId}`, requestId: "gateway-register" },
    );
    if (!moved.ok) return notNoted(moved);
  }
  return { ok: true, gatewayId, key, hash };
}

function groupNamed(
  views: CatalogReader,
  projectId: string,
  name: string,
): Extract<CatalogRecord, { readonly kind: "gatewayGroup" }> | undefined {
  const [group] = views.inGroup("gatewayGroup", groups.namedInProject(projectId, name));
  return group;
}

function notNoted({ code, message }: Extract<CommandOutcome, { readonly ok: false }>): Admission {
  if (code === "LimitExceeded") return refused("too_many_gateways", message, true);
  if (code === "ValidationFailed") return refused("bad_message", message, false);
  // Also a key that was revoked meanwhile: the next attempt is told so.
  return refused("unavailable", message, true);
}
