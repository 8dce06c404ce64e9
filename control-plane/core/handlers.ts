/** All command handlers, by the type of the command. */
import type { BucketId, Command, CommandType, ResourceId, SealedText } from "#contracts";
import { createApplicationHandlers } from "#control-plane/applications";
import { type CatalogReader, type CommandHandlers, type Decision, refuse } from "#control-plane/events";
import { createFleetHandlers, GATEWAY_KEY_PREFIX, type GatewayPresence } from "#control-plane/gateways/fleet";
import {
  createIdentityHandlers,
  type IdentityDependencies,
  type IdentityLimits,
  type IdentityNames,
  type PolicyKnowledge,
} from "#control-plane/identity";
import { createAllNodeHandlers, createDataPlaneHandlers } from "#control-plane/nodes";
import { createPlatformHandlers, createPlatformSecrets, type PlatformLimits } from "#control-plane/platform-identity";
import { createBucketHandlers, createResourceHandlers, type ResourceLimits } from "#control-plane/resources";
import { createSetSecrets, newSnapshotKey, type SecretDependencies } from "#control-plane/secrets";
import { createVolumeHandlers } from "#control-plane/volumes";
import type { SealingKey } from "#foundation/crypto";
import {
  createUuidV7,
  newAccessKeyId,
  newAccountId,
  newSecretAccessKey,
  newUniqueId,
  type AccountId as PlainAccountId,
} from "#foundation/ids";
import type { Clock, Random } from "#foundation/runtime";

/** Decides any command. */
export type Decide = (command: Command, views: CatalogReader) => Decision<CommandType>;

export interface HandlerOptions extends PolicyKnowledge {
  readonly clock: Clock;
  readonly random: Random;
  readonly seal: (text: string, additionalData: string) => SealedText;
  readonly platformKey: SealingKey;
  readonly secrets: SecretDependencies;
  readonly gatewayPresence: Pick<GatewayPresence, "of">;
  readonly limits: IdentityLimits & PlatformLimits & ResourceLimits;
}

/** Identifiers of platform records: a prefix, and 96 random bits. */
export function createDesiredIds(random: Random): (prefix: string) => string {
  return (prefix) => prefix + Buffer.from(random.bytes(12)).toString("hex");
}

/** Names as AWS shapes them, each kind from a generator of its own. */
function createNames(random: Random): IdentityNames {
  const canonical = random.fork("canonical-user-id");
  const accounts = random.fork("account-id");
  const entities = random.fork("entity-id");
  const keys = random.fork("access-key-id");
  const secrets = random.fork("secret-access-key");
  // The brands of contracts and of foundation name the same twelve digits.
  const plain = (accountId: string): PlainAccountId => accountId as PlainAccountId;
  return {
    accountId: () => newAccountId(accounts) as string as ReturnType<IdentityNames["accountId"]>,
    canonicalUserId: () => Buffer.from(canonical.bytes(32)).toString("hex"),
    entityId: (kind, accountId) => newUniqueId(kind === "managedPolicy" ? "policy" : kind, plain(accountId), entities),
    accessKeyId: (accountId) => newAccessKeyId("AKIA", plain(accountId), keys),
    secretAccessKey: () => newSecretAccessKey(secrets),
  };
}

/** What identity is given. */
export function createIdentityDependencies(options: HandlerOptions): IdentityDependencies {
  const { clock, random, seal, checkPolicy, managedPolicy, limits } = options;
  return { names: createNames(random), now: () => clock.now(), seal, checkPolicy, managedPolicy, limits };
}

export function createDecide(identity: IdentityDependencies, options: HandlerOptions): Decide {
  const newBucketId = createUuidV7(options.random.fork("bucket-id"), () => options.clock.now());
  const newResourceId = createUuidV7(options.random.fork("resource-id"), () => options.clock.now());
  const desiredIds = createDesiredIds(options.random.fork("desired-id"));
  const execTokens = createPlatformSecrets(options.platformKey, options.random.fork("exec-token"));
  const gatewayKeys = createPlatformSecrets(options.platformKey, options.random.fork("gateway-key"));
  const identityHandlers = createIdentityHandlers(identity);
  const handlers: CommandHandlers<CommandType> = {
    ...identityHandlers,
    ...createPlatformHandlers({
      secrets: createPlatformSecrets(options.platformKey, options.random.fork("platform-identity")),
      now: () => options.clock.now(),
      limits: options.limits,
      createAccount: identityHandlers["account.create"],
    }),
    ...createBucketHandlers({ newBucketId: () => newBucketId() as string as BucketId, limits: options.limits }),
    ...createVolumeHandlers({
      newId: desiredIds,
      now: () => options.clock.now(),
      newSnapshotKey: (snapshot) => newSnapshotKey(options.secrets, snapshot),
    }),
    "secrets.set": createSetSecrets(options.secrets),
    // Decided on the whole, which has to be read first: see `SecretService.preparePatch`.
    "secrets.patch": () => refuse("Internal", "Single secrets are changed through the control plane's door only"),
    ...createDataPlaneHandlers(),
    ...createApplicationHandlers({ newId: desiredIds, now: () => options.clock.now() }),
    ...createFleetHandlers({
      newId: desiredIds,
      newKey: () => gatewayKeys.secret(GATEWAY_KEY_PREFIX),
      isOnline: (gatewayId) => options.gatewayPresence.of(gatewayId)?.online === true,
      now: () => options.clock.now(),
    }),
    ...createAllNodeHandlers({
      newId: desiredIds,
      newToken: () => execTokens.secret("bpx_"),
      now: () => options.clock.now(),
    }),
    ...createResourceHandlers({ newResourceId: () => newResourceId() as string as ResourceId }),
  };
  // The table gives each type the handler of that very type; the compiler cannot follow that through the union.
  return (command, views) => handlers[command.type](command as never, views);
}
