import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  AssumeRoleWithWebIdentityCommand,
  type AssumeRoleWithWebIdentityCommandInput,
  GetAccessKeyInfoCommand,
  GetCallerIdentityCommand,
} from "@aws-sdk/client-sts";
import { ACCOUNT, OTHER_ACCOUNT, policyText } from "#data-plane/principals/testing";
import type { Credential } from "#foundation/aws/sigv4";
import type { SigningAlgorithm } from "#foundation/jwt";
import { newPair, TestIdentityProvider, type TokenPlan } from "../testing/identity-provider.ts";
import { credentialOf, openWorld, roleArn, type World } from "../testing/world.ts";

const NAME = "id.example/realms/Main";
const PROVIDER = `arn:aws:iam::${ACCOUNT}:oidc-provider/${NAME}`;

let world: World;
let provider: TestIdentityProvider;

beforeEach(async () => {
  world = await openWorld();
  provider = new TestIdentityProvider(`https://${NAME}`);
  world.providers.push(provider);
  world.catalog.putProvider(NAME, { clientIds: { app: true } });
  trust();
});
afterEach(() => world.close());

/** Lets the provider's people assume the role, under a condition. */
function trust(condition: object = {}, actions: readonly string[] = ["sts:AssumeRoleWithWebIdentity"]): void {
  world.catalog.putRole("web", {
    trustPolicy: policyText({
      Effect: "Allow",
      Principal: { Federated: PROVIDER },
      Action: actions,
      Condition: condition,
    }),
    inlinePolicies: { p: policyText({ Effect: "Allow", Action: "sts:*", Resource: "*" }) },
  });
}

const token = (plan: TokenPlan = {}): string => provider.token(world.time.clock.now(), plan);

const assumed = (WebIdentityToken: string, more: Partial<AssumeRoleWithWebIdentityCommandInput> = {}) =>
  world.anonymous.send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: roleArn("web"),
      RoleSessionName: "work",
      WebIdentityToken,
      ...more,
    }),
  );

/** `ok`, or the refusal as `status code message`. */
async function outcome(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "ok";
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    return `${$metadata?.httpStatusCode} ${name} ${message}`;
  }
}

const whoIs = (credential: Credential) => world.client(credential).send(new GetCallerIdentityCommand({}));
const mayAsk = (credential: Credential) =>
  outcome(world.client(credential).send(new GetAccessKeyInfoCommand({ AccessKeyId: world.root.accessKeyId })));

const NO_KEY =
  "400 InvalidIdentityTokenException Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements";
const NOT_AUTHORIZED = "403 AccessDenied Not authorized to perform sts:AssumeRoleWithWebIdentity";

describe("a token that a registered provider signed", () => {
  test("is a credential", async () => {
    const answer = await assumed(token());
    expect(answer).toMatchObject({
      SubjectFromWebIdentityToken: "me",
      Audience: "app",
      Provider: PROVIDER,
      AssumedRoleUser: { Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/web/work`, AssumedRoleId: "AROAWEB:work" },
    });
    const session = credentialOf(answer.Credentials);
    expect(await whoIs(session)).toMatchObject({ Account: ACCOUNT, UserId: "AROAWEB:work" });
    expect(await mayAsk(session)).toBe("ok");
  });

  test.each<SigningAlgorithm>(["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"])("by %s", async (algorithm) => {
    provider.addKey("other", algorithm);
    expect(await outcome(assumed(token({ keyId: "other" })))).toBe("ok");
    expect(await outcome(assumed(token({ keyId: "other", signedBy: newPair("ES256"), algorithm: "ES256" })))).not.toBe(
      "ok",
    );
  });

  test("without a key id, by whichever key it was", async () => {
    provider.addKey("k2", "ES256");
    expect(await outcome(assumed(token({ keyId: "k2", header: { kid: undefined } })))).toBe("ok");
  });

  test("is in the audit log by whom it spoke for, and not itself", async () => {
    const made = token();
    const { Credentials } = await assumed(made);
    expect(world.audited).toMatchObject([
      {
        actor: { type: "web-identity", id: `${PROVIDER}:app:me` },
        action: "sts:AssumeRoleWithWebIdentity",
        resource: roleArn("web"),
        decision: "allowed",
      },
    ]);
    const text = JSON.stringify(world.audited);
    for (const secret of [made, Credentials?.SecretAccessKey, Credentials?.SessionToken])
      expect(text).not.toContain(secret!);
  });

  test("limits the session by policies that are passed", async () => {
    const Policy = policyText({ Effect: "Allow", Action: "s3:*", Resource: "*" });
    const { Credentials } = await assumed(token(), { Policy });
    expect(await mayAsk(credentialOf(Credentials))).toStartWith("403 AccessDenied");
  });

  test("keeps what the provider said for the session's policies", async () => {
    world.catalog.putRole("web", {
      trustPolicy: policyText({ Effect: "Allow", Principal: { Federated: PROVIDER }, Action: "sts:*" }),
      inlinePolicies: {
        p: policyText({
          Effect: "Allow",
          Action: "sts:*",
          Resource: "*",
          Condition: {
            StringEquals: { [`${NAME}:sub`]: "me", [`${NAME}:aud`]: "app", "aws:FederatedProvider": PROVIDER },
          },
        }),
      },
    });
    expect(await mayAsk(credentialOf((await assumed(token())).Credentials))).toBe("ok");
    const { Credentials } = await assumed(token({ claims: { sub: "you" } }));
    expect(await mayAsk(credentialOf(Credentials))).toStartWith("403 AccessDenied");
  });
});

describe("the trust policy", () => {
  const key = (name: string) => `${NAME}:${name}`;

  test.each<[string, object, Readonly<Record<string, unknown>>, boolean]>([
    ["the subject", { StringEquals: { [key("sub")]: "me" } }, {}, true],
    ["another subject", { StringEquals: { [key("sub")]: "you" } }, {}, false],
    ["the audience", { StringEquals: { [key("aud")]: "app" } }, {}, true],
    ["an audience of several", { "ForAnyValue:StringEquals": { [key("aud")]: "app" } }, { aud: ["x", "app"] }, true],
    [
      "the authorised party",
      { StringEquals: { [key("aud")]: "app", [key("oaud")]: "x" } },
      { azp: "app", aud: "x" },
      true,
    ],
    ["the way of signing in", { "ForAnyValue:StringLike": { [key("amr")]: "otp" } }, { amr: ["pwd", "otp"] }, true],
    ["the way of signing in, missing", { "ForAnyValue:StringLike": { [key("amr")]: "otp" } }, {}, false],
    ["the name of the session", { StringEquals: { "sts:RoleSessionName": "work" } }, {}, true],
  ])("sees %s", async (_what, condition, claims, allowed) => {
    trust(condition);
    expect(await outcome(assumed(token({ claims })))).toBe(allowed ? "ok" : NOT_AUTHORIZED);
  });

  test("must trust this provider, and for this", async () => {
    world.catalog.putRole("web", {
      trustPolicy: policyText({ Effect: "Allow", Principal: { Federated: `${PROVIDER}2` }, Action: "sts:*" }),
    });
    expect(await outcome(assumed(token()))).toBe(NOT_AUTHORIZED);
    trust({}, ["sts:AssumeRole"]);
    expect(await outcome(assumed(token()))).toBe(NOT_AUTHORIZED);
    world.catalog.putRole("web", {
      trustPolicy: policyText({ Effect: "Allow", Principal: { AWS: ACCOUNT }, Action: "sts:*" }),
    });
    expect(await outcome(assumed(token()))).toBe(NOT_AUTHORIZED);
    expect(await outcome(assumed(token(), { RoleArn: roleArn("absent") }))).toBe(NOT_AUTHORIZED);
  });

  test("tags and a source identity of the token need permissions of their own", async () => {
    const claims = {
      "https://aws.amazon.com/tags": { principal_tags: { team: ["ops"] }, transitive_tag_keys: ["team"] },
      "https://aws.amazon.com/source_identity": "ada",
    };
    expect(await outcome(assumed(token({ claims })))).toBe("403 AccessDenied Not authorized to perform sts:TagSession");
    trust({}, ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]);
    expect(await outcome(assumed(token({ claims })))).toEndWith("sts:SetSourceIdentity");
    trust({ StringEquals: { "aws:RequestTag/team": "ops" } }, ["sts:*"]);
    expect(await assumed(token({ claims }))).toMatchObject({ SourceIdentity: "ada" });
    expect(await outcome(assumed(token()))).toBe(NOT_AUTHORIZED);
  });
});

describe("refuses", () => {
  test("providers that the role's account has not registered", async () => {
    const foreign = new TestIdentityProvider("https://elsewhere.example");
    world.providers.push(foreign);
    const unknown = foreign.token(world.time.clock.now());
    expect(await outcome(assumed(unknown))).toBe(
      "400 InvalidIdentityTokenException No OpenIDConnect provider found in your account for https://elsewhere.example",
    );
    expect(await outcome(assumed(token(), { RoleArn: roleArn("web", OTHER_ACCOUNT) }))).toContain(
      "No OpenIDConnect provider",
    );
    expect(foreign.asked).toEqual([]);
    expect(provider.asked).toEqual([]);
  });

  test.each([
    ["http, where https is registered", `http://${NAME}`],
    ["another case", "https://id.example/realms/MAIN"],
    ["a slash more", `https://${NAME}/`],
    ["no URL", NAME],
    ["another scheme", `file://${NAME}`],
  ])("an issuer that writes itself in another way: %s", async (_what, iss) => {
    expect(await outcome(assumed(token({ claims: { iss } })))).toStartWith("400 InvalidIdentityTokenException");
    expect(provider.asked).toEqual([]);
  });

  test.each<[string, () => string]>([
    ["no token", () => "nonsense"],
    ["two parts", () => token().split(".").slice(0, 2).join(".")],
    ["four parts", () => `${token()}.x`],
    ["no signature", () => `${token().split(".").slice(0, 2).join(".")}.`],
    ["no JSON", () => `bm90${token().slice(4)}`],
    ["the algorithm none", () => token({ header: { alg: "none" } })],
    ["a shared secret", () => token({ header: { alg: "HS256" } })],
    ["something critical", () => token({ header: { crit: ["exp"] } })],
    ["a key id that is no text", () => token({ header: { kid: 1 } })],
    [
      "an altered claim",
      () => {
        const [header, , signature] = token().split(".");
        const [, forged] = token({ claims: { sub: "root" } }).split(".");
        return `${header}.${forged}.${signature}`;
      },
    ],
    ["another's signature", () => token({ signedBy: newPair("ES256"), algorithm: "ES256", header: { alg: "RS256" } })],
    ["a key that the provider does not have", () => token({ header: { kid: "k9" } })],
    ["a key of another kind", () => token({ signedBy: newPair("ES256"), algorithm: "ES256" })],
    ["an audience that is not registered", () => token({ claims: { aud: "other" } })],
    ["an authorised party that is not registered", () => token({ claims: { azp: "other" } })],
    ["no audience", () => token({ claims: { aud: undefined } })],
    ["an audience that is a property of every object", () => token({ claims: { aud: "constructor" } })],
    ["no subject", () => token({ claims: { sub: undefined } })],
    ["a subject that is too long", () => token({ claims: { sub: "s".repeat(256) } })],
    ["no expiry", () => token({ claims: { exp: undefined } })],
    ["an expiry that is no number", () => token({ claims: { exp: "never" } })],
    ["no time of issue", () => token({ claims: { iat: undefined } })],
    ["a time of issue to come", () => token({ claims: { iat: Math.floor(world.time.clock.now() / 1000) + 302 } })],
    [
      "a token that is not valid yet",
      () => token({ claims: { nbf: Math.floor(world.time.clock.now() / 1000) + 302 } }),
    ],
  ])("%s", async (_what, make) => {
    expect(await outcome(assumed(make()))).toStartWith("400 InvalidIdentityTokenException");
  });

  test("tags that are none", async () => {
    trust({}, ["sts:*"]);
    for (const principal_tags of [{ team: ["a", "b"] }, { team: [] }, { team: 1 }, "team"]) {
      const claims = { "https://aws.amazon.com/tags": { principal_tags } };
      expect(await outcome(assumed(token({ claims })))).toStartWith("400 InvalidParameterValue");
    }
  });

  test("expired tokens, to the second", async () => {
    const made = token();
    const expiry = Math.floor(world.time.clock.now() / 1000) + 600;
    world.time.advance(expiry * 1000 - world.time.clock.now() - 1);
    expect(await outcome(assumed(made))).toBe("ok");
    world.time.advance(1);
    expect(await outcome(assumed(made))).toBe(
      `400 ExpiredTokenException Token expired: current date/time ${expiry} must be before the expiration date/time ${expiry}`,
    );
  });

  test("access tokens of OAuth providers", async () => {
    expect(await outcome(assumed(token(), { ProviderId: "www.amazon.com" }))).toStartWith("400 ValidationError");
  });

  test("a provider that speaks for another, or whose keys are elsewhere than may be asked", async () => {
    provider.discovery = { issuer: "https://elsewhere.example" };
    expect(await outcome(assumed(token()))).toBe(NO_KEY);
    for (const jwks_uri of [
      "http://id.example/keys",
      "https://127.0.0.1/keys",
      "http://localhost/keys",
      "file:///etc/passwd",
      1,
    ]) {
      world.time.advance(6_000);
      provider.discovery = { jwks_uri };
      expect([jwks_uri, await outcome(assumed(token()))]).toEqual([jwks_uri, NO_KEY]);
    }
    expect(provider.asked.every((url) => url.endsWith("/.well-known/openid-configuration"))).toBe(true);
  });
});
