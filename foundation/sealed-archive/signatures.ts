/** Signatures over a manifest: Ed25519 (RFC 8032) over what DSSE (Dead Simple Signing Envelope v1, "Pre-Authentication Encoding") makes of type and text. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

export interface Signature {
  /** SHA-256 of the public key's DER (SubjectPublicKeyInfo), lower-case hex. */
  readonly keyId: string;
  /** Base64. */
  readonly signature: string;
}

const TYPE = "application/vnd.biplane.archive+json";

/** Nothing of the text can be taken for the type, nor the other way round: both lengths come first. */
function authenticated(manifest: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`DSSEv1 ${TYPE.length} ${TYPE} ${manifest.length} `), manifest]);
}

const publicPart = (key: KeyObject): KeyObject => (key.type === "private" ? createPublicKey(key) : key);

export function keyIdOf(key: KeyObject): string {
  return createHash("sha256")
    .update(publicPart(key).export({ type: "spki", format: "der" }))
    .digest("hex");
}

/** A private key in PEM (PKCS#8). @throws TypeError when it is not one for Ed25519 */
export function readSigningKey(pem: string): KeyObject {
  return assertEd25519(createPrivateKey(pem));
}

/** A public key in PEM (SubjectPublicKeyInfo). @throws TypeError when it is not one for Ed25519 */
export function readTrustedKey(pem: string): KeyObject {
  return assertEd25519(createPublicKey(pem));
}

function assertEd25519(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== "ed25519")
    throw new TypeError(`The key is one for ${key.asymmetricKeyType}, and must be one for Ed25519.`);
  return key;
}

export function signManifest(manifest: Uint8Array, key: KeyObject): Signature {
  return { keyId: keyIdOf(key), signature: sign(null, authenticated(manifest), key).toString("base64") };
}

/** Ids of the trusted keys that have signed. */
export function signersOf(
  manifest: Uint8Array,
  signatures: readonly Signature[],
  trusted: readonly KeyObject[],
): readonly string[] {
  const text = authenticated(manifest);
  return trusted.flatMap((key) => {
    const keyId = keyIdOf(key);
    const isSigned = signatures.some(
      (one) => one.keyId === keyId && verify(null, text, publicPart(key), Buffer.from(one.signature, "base64")),
    );
    return isSigned ? [keyId] : [];
  });
}
