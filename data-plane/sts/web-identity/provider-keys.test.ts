import { beforeEach, expect, test } from "bun:test";
import { AwsError } from "#foundation/aws";
import { createVirtualTime, type VirtualTime } from "#foundation/runtime";
import { idpCommunicationError } from "../errors.ts";
import { TestIdentityProvider, type TokenPlan } from "../testing/identity-provider.ts";
import { readIdentityToken } from "./identity-token.ts";
import { ProviderKeys } from "./provider-keys.ts";

const ISSUER = "https://id.example/realms/main";
const HOUR = 3_600_000;

let time: VirtualTime;
let provider: TestIdentityProvider;
let keys: ProviderKeys;
let reachable: boolean;

beforeEach(() => {
  time = createVirtualTime(Date.UTC(2026, 5, 1, 12));
  provider = new TestIdentityProvider(ISSUER);
  reachable = true;
  keys = new ProviderKeys(async (url) => {
    const document = provider.document(url);
    if (!reachable) throw idpCommunicationError(new Error("away"));
    return document;
  }, time.clock);
});

/** Whether a token is proven, or why not. */
async function outcome(plan: TokenPlan = {}): Promise<string> {
  try {
    await keys.verify(ISSUER, readIdentityToken(provider.token(time.clock.now(), plan)));
    return "proven";
  } catch (error) {
    if (error instanceof AwsError) return error.code;
    throw error;
  }
}

const BY_NOBODY: TokenPlan = { header: { kid: "none" } };

test("keys are fetched once, by however many at a time", async () => {
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => outcome()));
  expect(new Set(outcomes)).toEqual(new Set(["proven"]));
  expect(provider.asked).toEqual([`${ISSUER}/.well-known/openid-configuration`, `${ISSUER}/keys`]);
});

test("keys are fetched again after an hour", async () => {
  await outcome();
  time.advance(HOUR - 1);
  await outcome();
  expect(provider.asked).toHaveLength(2);
  time.advance(1);
  await outcome();
  expect(provider.asked).toHaveLength(4);
});

test("keys are fetched for a signature that no known key made, but twice a minute at most", async () => {
  await outcome();
  provider.addKey("new", "ES256");
  expect(await outcome({ keyId: "new" })).toBe("InvalidIdentityTokenException");
  time.advance(30_000);
  expect(await outcome({ keyId: "new" })).toBe("proven");
  expect(provider.asked).toHaveLength(4);
  for (let i = 0; i < 10; i++) await outcome(BY_NOBODY);
  expect(provider.asked).toHaveLength(4);
});

test("a new key is found by tokens without a key id as well", async () => {
  await outcome();
  provider.addKey("new", "ES256");
  time.advance(30_000);
  expect(await outcome({ keyId: "new", header: { kid: undefined } })).toBe("proven");
});

test("a key that is taken back is good no longer than an hour", async () => {
  provider.addKey("old", "ES256");
  const made = readIdentityToken(provider.token(time.clock.now(), { keyId: "old" }));
  await keys.verify(ISSUER, made);
  provider.removeKey("old");
  time.advance(HOUR - 1);
  await keys.verify(ISSUER, made);
  time.advance(1);
  await expect(keys.verify(ISSUER, made)).rejects.toThrow("Couldn't retrieve verification key");
});

test("keys that cannot be fetched again are good for a day", async () => {
  await outcome();
  reachable = false;
  time.advance(24 * HOUR - 1);
  expect(await outcome()).toBe("proven");
  time.advance(10_000);
  expect(await outcome()).toBe("IDPCommunicationErrorException");
});

test("a provider that cannot be reached is asked again after five seconds", async () => {
  reachable = false;
  for (let i = 0; i < 5; i++) expect(await outcome()).toBe("IDPCommunicationErrorException");
  expect(provider.asked).toHaveLength(1);
  reachable = true;
  time.advance(4_999);
  expect(await outcome()).toBe("IDPCommunicationErrorException");
  time.advance(1);
  expect(await outcome()).toBe("proven");
});

test("keys of one provider do not prove tokens of another", async () => {
  const other = new TestIdentityProvider("https://other.example");
  other.addKey("mine", "ES256");
  const forged = readIdentityToken(other.token(time.clock.now(), { keyId: "mine", claims: { iss: ISSUER } }));
  await expect(keys.verify(ISSUER, forged)).rejects.toThrow("Couldn't retrieve verification key");
});

test("an issuer that ends with a slash is asked without a second one", async () => {
  const slashed = new TestIdentityProvider("https://tenant.example/");
  const asked = new ProviderKeys(async (url) => slashed.document(url), time.clock);
  await asked.verify(slashed.issuer, readIdentityToken(slashed.token(time.clock.now())));
  expect(slashed.asked[0]).toBe("https://tenant.example/.well-known/openid-configuration");
});
