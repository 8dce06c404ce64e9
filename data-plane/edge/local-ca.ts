/**
 * A certificate authority of this edge's own, for names on this machine and in private networks. Whoever trusts `ca.pem` sees no warnings; its key leaves the edge's directory never.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { readFileIfThere, writePrivateFile } from "#foundation/files";

/** In PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export interface LocalCa {
  /** The certificate of the authority, PEM. */
  readonly certificate: string;
  /** Where it is. */
  readonly path: string;
  /** A certificate for all of the names. */
  issue(hosts: readonly string[]): Promise<Certificate>;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;
const CA_DAYS = 3_650;
/** What browsers take at most (CA/Browser Forum, Baseline Requirements §6.3.2) with a good margin. */
const LEAF_DAYS = 90;

/** Names in one certificate; beyond that clients give up on its size. */
export const HOSTS_MAX = 1_000;

/** The library is loaded when it is first needed: most starts do not. */
async function library() {
  await import("reflect-metadata");
  return import("@peculiar/x509");
}

/** Opens the authority, or makes it at the first start. */
export async function openLocalCa(directory: string): Promise<LocalCa> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const [keyPath, certPath] = [join(directory, "ca.key"), join(directory, "ca.pem")];
  const existing = [readFileIfThere(keyPath), readFileIfThere(certPath)] as const;
  const x509 = await library();
  if (existing[0] === undefined || existing[1] === undefined) {
    const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
    const now = Date.now();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serial(),
      name: "CN=Biplane local CA",
      notBefore: new Date(now - DAY_MS),
      notAfter: new Date(now + CA_DAYS * DAY_MS),
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      ],
    });
    const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
    writePrivateFile(keyPath, x509.PemConverter.encode(key, "PRIVATE KEY"));
    writePrivateFile(certPath, certificate.toString("pem"));
    // Everybody may see the certificate.
    chmodSync(certPath, 0o644);
  }
  const certificate = new x509.X509Certificate(readFileIfThere(certPath)!);
  const signingKey = await crypto.subtle.importKey(
    "pkcs8",
    x509.PemConverter.decodeFirst(readFileIfThere(keyPath)!),
    ALGORITHM,
    false,
    ["sign"],
  );
  return {
    certificate: certificate.toString("pem"),
    path: certPath,
    async issue(hosts) {
      const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
      const now = Date.now();
      const leaf = await x509.X509CertificateGenerator.create({
        serialNumber: serial(),
        subject: "CN=Biplane edge",
        issuer: certificate.subject,
        notBefore: new Date(now - DAY_MS),
        notAfter: new Date(now + LEAF_DAYS * DAY_MS),
        publicKey: keys.publicKey,
        signingKey,
        signingAlgorithm: ALGORITHM,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
          new x509.SubjectAlternativeNameExtension(hosts.map((value) => ({ type: "dns" as const, value }))),
        ],
      });
      const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
      return { key: x509.PemConverter.encode(key, "PRIVATE KEY"), cert: leaf.toString("pem") };
    },
  };
}

/** Positive, and nobody's guess (RFC 5280 §4.1.2.2). */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0]! &= 0x7f;
  bytes[0]! |= 0x01;
  return bytes.toString("hex");
}
