/** Keys that a project trusts to sign what was compiled elsewhere. */
import { TRUSTED_KEYS_MAX } from "#contracts";
import { noSuch, owned } from "#control-plane/applications";
import { type CommandHandlers, refuse } from "#control-plane/events";
import { keyIdOf, readTrustedKey } from "#foundation/sealed-archive";
import type { FleetDependencies } from "./dependencies.ts";
import { done, invalid, limited, projectOf } from "./find.ts";
import { trustedKeysOf } from "./trust.ts";

type TrustCommands = "gatewayTrustedKey.put" | "gatewayTrustedKey.delete";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** Of a key for Ed25519 there are 113 characters in PEM. */
const PEM_MAX = 1_000;

export function createTrustHandlers({ newId }: Pick<FleetDependencies, "newId">): CommandHandlers<TrustCommands> {
  return {
    "gatewayTrustedKey.put"({ accountId, projectId, name, publicKey: given }, views) {
      if (projectOf(views, accountId, projectId) === undefined) return noSuch("project");
      if (!NAME.test(name)) {
        return invalid(
          "name must have 1 to 64 letters, digits, dots, underscores and hyphens, a letter or digit first",
        );
      }
      const read = readKey(given);
      if (typeof read === "string") return invalid(read);
      const { keyId, publicKey } = read;
      const trusted = trustedKeysOf(views, projectId);
      const before = trusted.find((one) => one.name.toLowerCase() === name.toLowerCase());
      const alias = trusted.find((one) => one.keyId === keyId && one !== before);
      if (alias !== undefined) {
        return refuse("ResourceAlreadyExists", `publicKey: the project trusts this key already, as ${alias.name}`);
      }
      if (before !== undefined) {
        const { trustedKeyId } = before;
        if (before.keyId === keyId) return { ok: true, events: [], result: { trustedKeyId } };
        const payload = { trustedKeyId, keyId, publicKey };
        return {
          ok: true,
          events: [{ type: "gatewayTrustedKey.replaced", aggregateId: trustedKeyId, org: accountId, payload }],
          result: { trustedKeyId },
        };
      }
      if (trusted.length >= TRUSTED_KEYS_MAX) return limited(`A project trusts ${TRUSTED_KEYS_MAX} keys at most`);
      const trustedKeyId = newId("gtk_");
      const payload = { trustedKeyId, accountId, projectId, name, keyId, publicKey };
      return {
        ok: true,
        events: [{ type: "gatewayTrustedKey.added", aggregateId: trustedKeyId, org: accountId, payload }],
        result: { trustedKeyId },
      };
    },

    "gatewayTrustedKey.delete"({ accountId, trustedKeyId }, views) {
      const key = owned(views, "gatewayTrustedKey", accountId, trustedKeyId);
      if (key === undefined) return noSuch("trusted key");
      const payload = { trustedKeyId };
      return {
        ...done,
        events: [{ type: "gatewayTrustedKey.removed", aggregateId: trustedKeyId, org: accountId, payload }],
      };
    },
  };
}

/** The key in the one form that is kept; a sentence where it is none. */
function readKey(pem: string): { readonly keyId: string; readonly publicKey: string } | string {
  // A private key would do for making the public one of it, and has no business here.
  if (pem.includes("PRIVATE KEY"))
    return "publicKey must be the public key, not the private one: keep that to yourself";
  const problem = "publicKey must be one public key for Ed25519 in PEM (BEGIN PUBLIC KEY)";
  if (pem.length > PEM_MAX || !/^\s*-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----\s*$/.test(pem))
    return problem;
  try {
    const key = readTrustedKey(pem);
    return { keyId: keyIdOf(key), publicKey: String(key.export({ type: "spki", format: "pem" })) };
  } catch {
    return problem;
  }
}
