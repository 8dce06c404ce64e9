import { expect, test } from "bun:test";
import fc from "fast-check";
import { AwsError } from "#foundation/aws";
import { KeySet } from "#foundation/jwt";
import { TestIdentityProvider } from "../testing/identity-provider.ts";
import { readIdentityToken } from "./identity-token.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const provider = new TestIdentityProvider("https://id.example");
provider.addKey("k2", "ES256");
const keys = KeySet.read(provider.keySet);

/** Whether a text is a token that the provider signed. @throws what is no refusal of a token */
function isAccepted(text: string): boolean {
  try {
    return keys.verifies(readIdentityToken(text));
  } catch (error) {
    if (error instanceof AwsError && error.code === "InvalidIdentityTokenException") return false;
    throw error;
  }
}

const tokens = [provider.token(NOW), provider.token(NOW, { keyId: "k2" })];

test("what the provider signed is accepted, and nothing that differs from it in a character", () => {
  for (const token of tokens) expect(isAccepted(token)).toBe(true);
  const change = fc.record({
    token: fc.constantFrom(...tokens),
    at: fc.nat(),
    character: fc.oneof(fc.constantFrom("A", "b", "0", "-", "_", "=", ".", "+", "/"), fc.string({ maxLength: 2 })),
    taken: fc.integer({ min: 0, max: 2 }),
  });
  fc.assert(
    fc.property(change, ({ token, at, character, taken }) => {
      const place = at % token.length;
      const changed = token.slice(0, place) + character + token.slice(place + taken);
      fc.pre(changed !== token);
      expect(isAccepted(changed)).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test("anything else is refused as no token, whatever it is", () => {
  const part = fc.oneof(
    fc.string(),
    fc.json().map((text) => Buffer.from(text).toString("base64url")),
    fc
      .record({ alg: fc.constantFrom("RS256", "none", "HS256", 1), kid: fc.anything() }, { requiredKeys: [] })
      .map((header) => Buffer.from(JSON.stringify(header) ?? "").toString("base64url")),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
      expect(isAccepted(parts.join("."))).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test("a document is a key set, or it is none; keys that cannot be used are passed over", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.anything(), fc.record({ keys: fc.anything() }), fc.record({ keys: fc.array(fc.anything()) })),
      (document) => {
        try {
          expect(KeySet.read(document).size).toBe(0);
        } catch (error) {
          expect((error as Error).message).toBe("the document has no list of keys");
        }
      },
    ),
    { numRuns: 300 },
  );
});

test.each<[string, Readonly<Record<string, unknown>>, boolean]>([
  ["as it is", {}, true],
  ["without its purpose and algorithm", { use: undefined, alg: undefined }, true],
  ["for encryption", { use: "enc" }, false],
  ["for another algorithm", { alg: "RS512" }, false],
  ["of another kind", { kty: "oct", k: "c2VjcmV0" }, false],
  ["of an unknown curve", { kty: "EC", crv: "P-999" }, false],
  ["that is too short to be safe", { n: Buffer.alloc(128, 0xc1).toString("base64url") }, false],
])("a key %s", (_what, changes, usable) => {
  const [key] = provider.keySet.keys;
  const set = KeySet.read({ keys: [{ ...key, ...changes }] });
  expect(set.size).toBe(usable || changes.alg !== undefined ? 1 : 0);
  expect(set.verifies(readIdentityToken(tokens[0]!))).toBe(usable);
});
