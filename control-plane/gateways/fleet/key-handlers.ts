/** API keys of gateways. */
import { GATEWAY_KEY_SCOPES, type GatewayKeyRecord, type GatewayKeyScope } from "#contracts";
import { noSuch, owned } from "#control-plane/applications";
import { type CatalogReader, type CommandHandlers, groups, type NewEvent, refuse } from "#control-plane/events";
import type { FleetDependencies } from "./dependencies.ts";
import { done, invalid, limited, nameTaken, projectOf, surplus } from "./find.ts";
import { FLEET_LIMITS, KEY_GRACE_SECONDS_MAX, KEY_LIFETIME_MS_MAX, KEY_LIFETIME_MS_MIN } from "./limits.ts";
import { nameProblem } from "./rules.ts";

type KeyCommands = "gatewayKey.create" | "gatewayKey.rotate" | "gatewayKey.revoke";

/** `bbk_` and eight characters: enough to tell keys apart, no help in guessing the rest. */
const SHOWN_CHARACTERS = 12;

export function createKeyHandlers({ newId, newKey, now }: FleetDependencies): CommandHandlers<KeyCommands> {
  return {
    "gatewayKey.create"(command, views) {
      const { accountId, projectId, name, groupId, lifetimeMs } = command;
      if (projectOf(views, accountId, projectId) === undefined) return noSuch("project");
      const scopes = [...new Set(command.scopes ?? GATEWAY_KEY_SCOPES)].sort();
      const problem = nameProblem(name) ?? scopesProblem(scopes) ?? lifetimeProblem(lifetimeMs);
      if (problem !== undefined) return invalid(problem);
      if (groupId !== undefined && owned(views, "gatewayGroup", accountId, groupId)?.projectId !== projectId) {
        return noSuch("group of this project");
      }
      if (views.inGroup("gatewayKey", groups.namedInProject(projectId, name)).length > 0) {
        return nameTaken("key", name);
      }
      if (keysOf(views, projectId, false).length >= FLEET_LIMITS.keysPerProject) {
        return limited(`A project has ${FLEET_LIMITS.keysPerProject} keys at most`);
      }
      const keyId = newId("gky_");
      const { text, hash } = newKey();
      const payload = {
        keyId,
        accountId,
        projectId,
        name,
        prefix: text.slice(0, SHOWN_CHARACTERS),
        hash,
        scopes: scopes as GatewayKeyScope[],
        ...(groupId === undefined ? {} : { groupId }),
        ...(lifetimeMs === undefined ? {} : { expiresAt: now() + lifetimeMs }),
      };
      return {
        ok: true,
        events: [{ type: "gatewayKey.created", aggregateId: keyId, org: accountId, payload }],
        result: { keyId, key: text },
      };
    },

    "gatewayKey.rotate"({ accountId, keyId, graceSeconds }, views) {
      const key = owned(views, "gatewayKey", accountId, keyId);
      if (key === undefined) return noSuch("key");
      if (key.revokedAt !== undefined) return refuse("ResourceInUse", "The key is revoked: make another one");
      if (graceSeconds > KEY_GRACE_SECONDS_MAX) {
        return invalid(`graceSeconds must be ${KEY_GRACE_SECONDS_MAX} at most`);
      }
      const rotatedAt = now();
      const { text, hash } = newKey();
      const payload = {
        keyId,
        prefix: text.slice(0, SHOWN_CHARACTERS),
        hash,
        previous: { hash: key.hash, validUntil: rotatedAt + graceSeconds * 1_000 },
        rotatedAt,
      };
      return {
        ok: true,
        events: [{ type: "gatewayKey.rotated", aggregateId: keyId, org: accountId, payload }],
        result: { key: text },
      };
    },

    "gatewayKey.revoke"({ accountId, keyId }, views) {
      const key = owned(views, "gatewayKey", accountId, keyId);
      if (key === undefined) return noSuch("key");
      if (key.revokedAt !== undefined) return done;
      const payload = { keyId, revokedAt: now() };
      return {
        ...done,
        events: [
          { type: "gatewayKey.revoked", aggregateId: keyId, org: accountId, payload },
          ...surplus(keysOf(views, key.projectId, true), FLEET_LIMITS.revokedKeysPerProject).map(
            (old): NewEvent => ({
              type: "gatewayKey.collected",
              aggregateId: old.keyId,
              org: accountId,
              payload: { keyId: old.keyId, reason: "too_many" },
            }),
          ),
        ],
      };
    },
  };
}

function keysOf(views: CatalogReader, projectId: string, revoked: boolean): readonly GatewayKeyRecord[] {
  return views
    .inGroup("gatewayKey", groups.ofProject(projectId))
    .filter(({ revokedAt }) => (revokedAt !== undefined) === revoked);
}

function scopesProblem(scopes: readonly string[]): string | undefined {
  const known: readonly string[] = GATEWAY_KEY_SCOPES;
  if (scopes.length > 0 && scopes.every((scope) => known.includes(scope))) return undefined;
  return `scopes must be some of ${GATEWAY_KEY_SCOPES.join(", ")}`;
}

function lifetimeProblem(lifetimeMs: number | undefined): string | undefined {
  if (lifetimeMs === undefined || (lifetimeMs >= KEY_LIFETIME_MS_MIN && lifetimeMs <= KEY_LIFETIME_MS_MAX)) {
    return undefined;
  }
  return `lifetimeMs must be from ${KEY_LIFETIME_MS_MIN} to ${KEY_LIFETIME_MS_MAX}`;
}
