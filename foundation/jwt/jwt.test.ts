import { describe, expect, test } from "bun:test";
import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { KeySet, readSignedToken, SIGNING_ALGORITHMS, type SigningAlgorithm, UnreadableToken } from "./index.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const PAIRS: Readonly<Record<string, { readonly publicKey: KeyObject; readonly privateKey: KeyObject }>> = {
  RS: rsa,
  PS: rsa,
  ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  ES384: generateKeyPairSync("ec", { namedCurve: "P-384" }),
  ES512: generateKeyPairSync("ec", { namedCurve: "P-521" }),
  EdDSA: generateKeyPairSync("ed25519"),
};

const pairOf = (algorithm: SigningAlgorithm) => PAIRS[algorithm] ?? PAIRS[algorithm.slice(0, 2)]!;
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function tokenBy(algorithm: SigningAlgorithm, head: object = {}, privateKey = pairOf(algorithm).privateKey): string {
  const signed = `${part({ alg: algorithm, ...head })}.${part({ sub: "ann" })}`;
  const digest = algorithm === "EdDSA" ? null : `sha${algorithm.slice(2)}`;
  const padding = algorithm.startsWith("PS")
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : {};
  const signature = sign(digest, Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363", ...padding });
  return `${signed}.${signature.toString("base64url")}`;
}

const setOf = (key: KeyObject, members: object = {}): KeySet =>
  KeySet.read({ keys: [{ ...key.export({ format: "jwk" }), ...members }] });

describe.each(SIGNING_ALGORITHMS)("%s", (algorithm) => {
  const { publicKey } = pairOf(algorithm);
  const token = readSignedToken(tokenBy(algorithm));

  test("is proven by the key that made it, from a set and from PEM", () => {
    const pem = publicKey.export({ format: "pem", type: "spki" }).toString();
    for (const keys of [setOf(publicKey), setOf(publicKey, { alg: algorithm, use: "sig" }), KeySet.ofPem(pem)]) {
      expect([keys.hasFor(token), keys.verifies(token)]).toEqual([true, true]);
    }
  });

  test("is not proven when anything was changed", () => {
    const keys = setOf(publicKey);
    const changed = token.signature.slice();
    changed[changed.length >> 1]! ^= 1;
    expect(keys.verifies({ ...token, signature: changed })).toBe(false);
    expect(keys.verifies({ ...token, signature: token.signature.subarray(1) })).toBe(false);
    expect(keys.verifies({ ...token, signature: new Uint8Array(token.signature.length) })).toBe(false);
    expect(keys.verifies({ ...token, signed: `${token.signed}x` })).toBe(false);
  });

  test("is not for keys of another algorithm, another use, another name", () => {
    for (const other of SIGNING_ALGORITHMS) {
      if (other === algorithm) continue;
      expect(setOf(publicKey, { alg: other }).hasFor(token)).toBe(false);
      if (pairOf(other) !== pairOf(algorithm)) expect(setOf(pairOf(other).publicKey).verifies(token)).toBe(false);
    }
    expect(setOf(publicKey, { use: "enc" }).size).toBe(0);
    const named = readSignedToken(tokenBy(algorithm, { kid: "a" }));
    expect(setOf(publicKey, { kid: "a" }).verifies(named)).toBe(true);
    expect(setOf(publicKey, { kid: "b" }).verifies(named)).toBe(false);
  });
});

describe("what is no signed token", () => {
  const signed = `${part({ alg: "HS256" })}.${part({})}`;
  const pem = rsa.publicKey.export({ format: "pem", type: "spki" }).toString();
  test.each([
    ["no signature", `${part({ alg: "none" })}.${part({})}.`, "algorithm"],
    ["an algorithm that nobody has", `${part({ alg: "none" })}.${part({})}.AA`, "algorithm"],
    [
      "a public key taken for a secret",
      `${signed}.${createHmac("sha256", pem).update(signed).digest("base64url")}`,
      "algorithm",
    ],
    ["something critical", tokenBy("RS256", { crit: ["exp"] }), "algorithm"],
    ["an algorithm that is no text", `${part({ alg: ["RS256"] })}.${part({})}.AA`, "algorithm"],
    ["a key's name that is no text", tokenBy("RS256", { kid: 1 }), "malformed"],
    ["two parts", "e30.e30", "malformed"],
    ["five parts", "e30.e30.e30.e30.e30", "malformed"],
    ["claims that are a list", `${part({ alg: "RS256" })}.${part([])}.AA`, "malformed"],
    ["another spelling of the signature", `${tokenBy("RS256")}=`, "malformed"],
    ["no UTF-8", `${part({ alg: "RS256" })}.${Buffer.from([0x22, 0xff, 0x22]).toString("base64url")}.AA`, "malformed"],
  ])("%s", (_, text, reason) => {
    try {
      readSignedToken(text);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(UnreadableToken);
      expect((error as UnreadableToken).reason).toBe(reason as "malformed");
    }
  });

  test("one by an algorithm that is not taken here", () => {
    expect(() => readSignedToken(tokenBy("RS256"), ["ES256"])).toThrow(UnreadableToken);
  });
});

test("secrets and private keys make no set of public ones", () => {
  expect(KeySet.read({ keys: [{ kty: "oct", k: "c2VjcmV0" }] }).size).toBe(0);
  const set = KeySet.read({ keys: [rsa.privateKey.export({ format: "jwk" })] });
  expect(set.verifies(readSignedToken(tokenBy("RS256")))).toBe(true);
});
