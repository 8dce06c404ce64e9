/** Certificates and keys in files, which others replace while the gateway runs. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { CertificateFor, ServerTls } from "#foundation/http1";
import { GatewayUsage } from "./gateway-usage.ts";
import { fileOf } from "./read-file.ts";

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** A folder with one folder for each name, in which are `tls.crt` and `tls.key`, as Kubernetes has them. `_.shop.test` is for `*.shop.test`. */
  readonly names: string | undefined;
  /** Authorities of clients; others are not let in. */
  readonly clientCa: string | undefined;
}

const NAME = /^(?:_\.|\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** @throws GatewayUsage */
export function readTlsFiles(text: (name: string) => string | undefined): TlsFiles | undefined {
  const cert = text("tls-cert");
  const key = text("tls-key");
  const names = text("tls-names");
  const clientCa = text("tls-client-ca");
  if (cert === undefined && key === undefined) {
    if (names === undefined && clientCa === undefined) return undefined;
    const option = names === undefined ? "tls-client-ca" : "tls-names";
    throw new GatewayUsage(
      `--${option} needs --tls-cert and --tls-key: the certificate for clients that name no other.`,
    );
  }
  if (cert === undefined || key === undefined) throw new GatewayUsage("--tls-cert and --tls-key are given together.");
  return { cert, key, names, clientCa };
}

/** What the files hold now. @throws GatewayUsage */
export function readTls({ cert, key, names, clientCa }: TlsFiles): ServerTls {
  const own = { cert: fileOf("tls-cert", cert), key: fileOf("tls-key", key) };
  assertPair(own, "--tls-cert and --tls-key", cert, key);
  return {
    ...own,
    ...(names === undefined ? {} : { names: readNames(names) }),
    ...(clientCa === undefined ? {} : { ca: fileOf("tls-client-ca", clientCa), requestCert: true }),
  };
}

function readNames(folder: string): NonNullable<ServerTls["names"]> {
  let entries: string[];
  try {
    // Kubernetes keeps what its links lead to beside them.
    entries = readdirSync(folder).filter((entry) => !entry.startsWith("."));
  } catch (error) {
    throw new GatewayUsage(
      `--tls-names: ${folder} cannot be read (${(error as { code?: string }).code ?? "unknown"}).`,
    );
  }
  return Object.fromEntries(
    entries.sort().map((entry) => {
      if (!NAME.test(entry)) {
        throw new GatewayUsage(
          `--tls-names: ${join(folder, entry)} is not called as a host, such as shop.test or _.shop.test.`,
        );
      }
      const [cert, key] = [join(folder, entry, "tls.crt"), join(folder, entry, "tls.key")];
      const pair = { cert: fileOf("tls-names", cert), key: fileOf("tls-names", key) };
      assertPair(pair, "--tls-names", cert, key);
      return [entry.replace(/^_\./, "*."), pair];
    }),
  );
}

/** What OpenSSL says of them when it is too late is for people who know it. @throws GatewayUsage */
function assertPair(pair: CertificateFor, options: string, certPath: string, keyPath: string): void {
  const parsed = <Made>(make: () => Made, path: string, what: string): Made => {
    try {
      return make();
    } catch {
      throw new GatewayUsage(`${options}: ${path} holds no ${what} in PEM.`);
    }
  };
  const certificate = parsed(() => new X509Certificate(pair.cert), certPath, "certificate");
  const key = parsed(() => createPrivateKey(pair.key), keyPath, "private key without a passphrase");
  if (!certificate.checkPrivateKey(key)) {
    throw new GatewayUsage(`${options}: the key in ${keyPath} is not that of the certificate in ${certPath}.`);
  }
}
