/** A version of secrets as it is kept: locked with a data key of its own, which is locked with a master key. */
import type { AccountId } from "#contracts";
import type { Random } from "#foundation/runtime";
import { type Keyring, KeyUnavailable, openBytes, sealBytes, type WrappedKey } from "./keyring.ts";
import { secretsHash } from "./secrets-file.ts";

/** What a version belongs to: it opens nowhere else. */
export interface VersionContext {
  readonly accountId: AccountId;
  readonly envId: string;
  readonly bundleId: string;
  readonly versionId: string;
  readonly dataHash: string;
}

interface SealedVersion extends WrappedKey {
  readonly format: 1;
  readonly context: VersionContext;
  /** Epoch milliseconds. */
  readonly sealedAt: number;
  /** base64: nonce, ciphertext, tag. */
  readonly sealed: string;
}

export const documentName = (versionId: string): string => `secret/${versionId}`;
export const DOCUMENT_PREFIX = "secret/";

const DATA_KEY_BYTES = 32;

const contextText = ({ accountId, envId, bundleId, versionId, dataHash }: VersionContext): string =>
  `biplane-secrets-v1|org:${accountId}|env:${envId}|bundle:${bundleId}|version:${versionId}|hash:${dataHash}`;

export function sealVersion(
  keyring: Keyring,
  random: Random,
  context: VersionContext,
  canonical: string,
  sealedAt: number,
): string {
  const dataKey = random.bytes(DATA_KEY_BYTES);
  const text = contextText(context);
  const sealed: SealedVersion = {
    format: 1,
    context,
    sealedAt,
    ...keyring.wrap(dataKey, text),
    sealed: sealBytes(dataKey, Buffer.from(canonical, "utf8"), text, random).toString("base64"),
  };
  return JSON.stringify(sealed);
}

/** @throws KeyUnavailable */
export function openVersion(
  keyring: Keyring,
  document: string,
): { readonly context: VersionContext; readonly canonical: string } {
  const { context, keyId, wrapped, sealed } = JSON.parse(document) as SealedVersion;
  const text = contextText(context);
  const dataKey = keyring.unwrap({ keyId, wrapped }, text);
  const canonical = openBytes(dataKey, Buffer.from(sealed, "base64"), text).toString("utf8");
  if (secretsHash(canonical) !== context.dataHash)
    throw new KeyUnavailable("decrypt_failed", "its digest is another one");
  return { context, canonical };
}

/** When it was made, epoch milliseconds. */
export const sealedAt = (document: string): number => (JSON.parse(document) as SealedVersion).sealedAt;

/** The same, locked with the active master key; undefined when it is that already. Only the lock changes. @throws KeyUnavailable */
export function rewrapVersion(keyring: Keyring, document: string): string | undefined {
  const version = JSON.parse(document) as SealedVersion;
  if (version.keyId === keyring.activeKeyId) return undefined;
  const text = contextText(version.context);
  const dataKey = keyring.unwrap(version, text);
  return JSON.stringify({ ...version, ...keyring.wrap(dataKey, text) });
}
