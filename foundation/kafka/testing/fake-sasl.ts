/** The broker's side of a login, by RFC 4616 and RFC 5802, written apart from the client's. For tests. */
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";

export interface FakeSasl {
  readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
  readonly username: string;
  readonly password: string;
  /** Signs its last word with another password: it does not know the right one. */
  readonly isImpostor?: boolean;
}

/** Says what is answered to each message of one login; undefined: it has failed. */
export function saslServer({
  mechanism,
  username,
  password,
  isImpostor,
}: FakeSasl): (text: string) => string | undefined {
  if (mechanism === "PLAIN") return (text) => (text === `\0${username}\0${password}` ? "" : undefined);
  const hash = mechanism === "SCRAM-SHA-256" ? "sha256" : "sha512";
  const salt = Buffer.from("salt of a test");
  const hmac = (key: Uint8Array, text: string) => createHmac(hash, key).update(text).digest();
  const saltedOf = (secret: string) => pbkdf2Sync(secret, salt, 4096, hash === "sha256" ? 32 : 64, hash);
  const salted = saltedOf(password);
  let said: { readonly clientBare: string; readonly serverFirst: string } | undefined;
  return (text) => {
    if (said === undefined) {
      const clientBare = text.replace(/^n,,/, "");
      const [, name, nonce] = /^n=([^,]*),r=(.+)$/.exec(clientBare)!;
      if (name!.replaceAll("=2C", ",").replaceAll("=3D", "=") !== username) return undefined;
      said = { clientBare, serverFirst: `r=${nonce}theirs,s=${salt.toString("base64")},i=4096` };
      return said.serverFirst;
    }
    const [withoutProof, proof] = text.split(",p=") as [string, string];
    const all = `${said.clientBare},${said.serverFirst},${withoutProof}`;
    const stored = createHash(hash).update(hmac(salted, "Client Key")).digest();
    const signature = hmac(stored, all);
    const key = Buffer.from(proof, "base64").map((byte, at) => byte ^ signature[at]!);
    if (!createHash(hash).update(key).digest().equals(stored)) return undefined;
    const serverKey = hmac(isImpostor === true ? saltedOf("another") : salted, "Server Key");
    return `v=${hmac(serverKey, all).toString("base64")}`;
  };
}
