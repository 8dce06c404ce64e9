/** SCRAM for clients (RFC 5802, RFC 7677): shows that it knows the password without saying it, and asks the server for the same. */
import { createHash, createHmac, pbkdf2, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

export type ScramHash = "sha256" | "sha512";

export interface ScramClient {
  readonly first: string;
  /** @param serverFirst the server's answer to `first` @throws Error for one that is none, or is not to be trusted */
  final(serverFirst: string): Promise<string>;
  /** @throws Error when the server does not know the password either */
  verify(serverFinal: string): void;
}

/** Fewer are no protection (RFC 7677 §4); more would keep the gateway busy. */
const ITERATIONS_MIN = 4_096;
const ITERATIONS_MAX = 1_000_000;
const derive = promisify(pbkdf2);

/** @param nonce printable, without commas, that was never used before */
export function scramClient(username: string, password: string, hash: ScramHash, nonce: string): ScramClient {
  const bare = `n=${username.normalize("NFKC").replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${nonce}`;
  let expected: Buffer | undefined;
  const hmac = (key: Uint8Array, text: string): Buffer => createHmac(hash, key).update(text).digest();
  return {
    first: `n,,${bare}`,
    async final(serverFirst) {
      const [, both = "", salt = "", digits = ""] =
        /^r=([^,]+),s=([A-Za-z0-9+/=]+),i=(\d{1,9})(?:,|$)/.exec(serverFirst) ?? [];
      const iterations = Number(digits);
      if (!both.startsWith(nonce) || both.length === nonce.length)
        throw new Error("the broker's answer is not to this login");
      if (!(iterations >= ITERATIONS_MIN && iterations <= ITERATIONS_MAX)) {
        throw new Error(`the broker asks for ${iterations} iterations`);
      }
      const length = hash === "sha256" ? 32 : 64;
      const salted = await derive(password.normalize("NFKC"), Buffer.from(salt, "base64"), iterations, length, hash);
      const clientKey = hmac(salted, "Client Key");
      const storedKey = createHash(hash).update(clientKey).digest();
      const withoutProof = `c=biws,r=${both}`;
      const said = `${bare},${serverFirst},${withoutProof}`;
      const signature = hmac(storedKey, said);
      expected = hmac(hmac(salted, "Server Key"), said);
      const proof = clientKey.map((byte, at) => byte ^ signature[at]!);
      return `${withoutProof},p=${Buffer.from(proof).toString("base64")}`;
    },
    verify(serverFinal) {
      const [, text = ""] = /^v=([A-Za-z0-9+/=]+)(?:,|$)/.exec(serverFinal) ?? [];
      const signature = Buffer.from(text, "base64");
      if (expected === undefined || signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
        throw new Error("the broker does not know the password");
      }
    },
  };
}
