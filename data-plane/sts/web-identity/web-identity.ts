/**
 * Whom an identity token speaks for (STS API Reference, AssumeRoleWithWebIdentity; OpenID Connect Core 1.0 §3.1.3.7, "ID Token Validation").
 */
import type { AccountId, OidcProviderRecord } from "#contracts";
import type { CatalogLookups } from "#data-plane/link";
import type { AccessRequest } from "#data-plane/service";
import type { STS } from "#foundation/aws";
import { expiredIdentityToken, invalidIdentityToken, invalidParameterValue } from "../errors.ts";
import { type IdentityToken, readIdentityToken } from "./identity-token.ts";
import type { ProviderKeys } from "./provider-keys.ts";

/** What a provider said about somebody, proven. */
export interface WebIdentity {
  readonly provider: OidcProviderRecord;
  /** `sub`. */
  readonly subject: string;
  /** The audience that the provider is registered for: `azp`, else one of `aud`. */
  readonly audience: string;
  /** `accounts.example.com:sub` and so on, in lower case. */
  readonly conditions: NonNullable<AccessRequest["conditions"]>;
  readonly tags: readonly STS.Tag[];
  readonly transitiveTags: readonly string[];
  readonly sourceIdentity: string | undefined;
}

/** Clocks of providers may be ahead. */
const SKEW_SECONDS = 300;
/** STS API Reference, `SubjectFromWebIdentityToken`: 255 characters at most. */
const SUBJECT_CHARACTERS_MAX = 255;

/** Claims in which providers pass session tags and a source identity (IAM User Guide, "Passing session tags using AssumeRoleWithWebIdentity"). */
const TAGS_CLAIM = "https://aws.amazon.com/tags";
const SOURCE_IDENTITY_CLAIM = "https://aws.amazon.com/source_identity";

/** Claims that are condition keys as they are, besides the audience. */
const CONDITION_CLAIMS = ["sub", "amr", "azp", "email"] as const;

/**
 * Reads a token and proves it.
 *
 * @param accountId whose providers count: the account of the role
 * @param now epoch milliseconds
 * @throws AwsError InvalidIdentityToken, ExpiredTokenException, IDPCommunicationError, InvalidParameterValue
 */
export async function webIdentityOf(
  catalog: CatalogLookups,
  keys: ProviderKeys,
  accountId: AccountId,
  text: string,
  now: number,
): Promise<WebIdentity> {
  const token = readIdentityToken(text);
  const provider = providerOf(catalog, accountId, token.issuer);
  await keys.verify(token.issuer, token);
  const { claims } = token;
  expectInTime(claims, now);
  const subject = textClaim(claims, "sub");
  if (subject.length > SUBJECT_CHARACTERS_MAX) throw invalidIdentityToken("The claim sub is too long.");
  const audiences = audiencesOf(claims);
  const audience = registeredAudience(provider, claims, audiences);
  return {
    provider,
    subject,
    audience,
    conditions: conditionsOf(provider.name, claims, audiences),
    ...tagsOf(claims),
    sourceIdentity: mapDefined(claims[SOURCE_IDENTITY_CLAIM], (value) => textOf(value, SOURCE_IDENTITY_CLAIM)),
  };
}

/** The provider that is registered for an issuer, as it writes itself. */
function providerOf(catalog: CatalogLookups, accountId: AccountId, issuer: string): OidcProviderRecord {
  const name = /^https?:\/\/(.+)$/.exec(issuer)?.[1];
  if (name === undefined) throw invalidIdentityToken("Issuer must be a valid URL");
  const provider = catalog.entityByName("oidcProvider", accountId, name);
  // Found in whatever case; an issuer is one text.
  if (provider === undefined || (provider.sections.url ?? `https://${provider.name}`) !== issuer) {
    throw invalidIdentityToken(`No OpenIDConnect provider found in your account for ${issuer}`);
  }
  return provider;
}

function expectInTime({ exp, nbf, iat }: IdentityToken["claims"], nowMs: number): void {
  const now = Math.floor(nowMs / 1000);
  if (typeof exp !== "number") throw invalidIdentityToken("Missing a required claim: exp");
  if (typeof iat !== "number") throw invalidIdentityToken("Missing a required claim: iat");
  if (now >= exp) {
    throw expiredIdentityToken(
      `Token expired: current date/time ${now} must be before the expiration date/time ${Math.floor(exp)}`,
    );
  }
  if (iat > now + SKEW_SECONDS || (nbf !== undefined && !(typeof nbf === "number" && nbf <= now + SKEW_SECONDS))) {
    throw invalidIdentityToken(`Token is not valid yet: current date/time ${now}`);
  }
}

function audiencesOf({ aud }: IdentityToken["claims"]): readonly string[] {
  const audiences = Array.isArray(aud) ? aud : [aud];
  if (audiences.length === 0 || !audiences.every((one) => typeof one === "string")) {
    throw invalidIdentityToken("Missing a required claim: aud");
  }
  return audiences;
}

/** OpenID Connect Core 1.0 §3.1.3.7: the authorised party, where it is named, is the one that the token is for. */
function registeredAudience(
  { sections }: OidcProviderRecord,
  { azp }: IdentityToken["claims"],
  audiences: readonly string[],
): string {
  const clientIds = sections.clientIds ?? {};
  const candidates = azp === undefined ? audiences : [textOf(azp, "azp")];
  const found = candidates.find((one) => Object.hasOwn(clientIds, one));
  if (found === undefined) throw invalidIdentityToken("Incorrect token audience");
  return found;
}

/** IAM User Guide, "Available keys for AWS OIDC federation": `aud` is the authorised party where there is one, and `oaud` then the audience. */
function conditionsOf(
  name: string,
  claims: IdentityToken["claims"],
  audiences: readonly string[],
): WebIdentity["conditions"] {
  const prefix = name.toLowerCase();
  const entries: (readonly [string, string | readonly string[] | undefined])[] = CONDITION_CLAIMS.map((claim) => [
    claim,
    conditionValue(claims[claim]),
  ]);
  const audience = audiences.length === 1 ? audiences[0] : audiences;
  if (claims.azp === undefined) entries.push(["aud", audience]);
  else entries.push(["aud", conditionValue(claims.azp)], ["oaud", audience]);
  return Object.fromEntries(entries.map(([claim, value]) => [`${prefix}:${claim}`, value]));
}

function conditionValue(claim: unknown): string | readonly string[] | undefined {
  if (typeof claim === "string") return claim;
  return Array.isArray(claim) ? claim.filter((one) => typeof one === "string") : undefined;
}

function tagsOf(claims: IdentityToken["claims"]): Pick<WebIdentity, "tags" | "transitiveTags"> {
  const claim = claims[TAGS_CLAIM];
  if (claim === undefined) return { tags: [], transitiveTags: [] };
  const { principal_tags: tags = {}, transitive_tag_keys: transitive = [] } = Object(claim) as Readonly<
    Record<string, unknown>
  >;
  if (typeof tags !== "object" || tags === null || !Array.isArray(transitive)) throw malformedTags();
  return {
    tags: Object.entries(tags).map(([Key, value]) => {
      // Providers write a list of one value.
      const [only, ...more] = Array.isArray(value) ? value : [value];
      if (typeof only !== "string" || more.length > 0) throw malformedTags();
      return { Key, Value: only };
    }),
    transitiveTags: transitive.map((key) => textOf(key, TAGS_CLAIM)),
  };
}

const malformedTags = () => invalidParameterValue(`The claim ${TAGS_CLAIM} of the token is malformed.`);

function textClaim(claims: IdentityToken["claims"], name: string): string {
  const value = claims[name];
  if (typeof value !== "string" || value === "") throw invalidIdentityToken(`Missing a required claim: ${name}`);
  return value;
}

function textOf(value: unknown, claim: string): string {
  if (typeof value !== "string") throw invalidIdentityToken(`The claim ${claim} of the token is malformed.`);
  return value;
}

const mapDefined = <From, To>(value: From | undefined, change: (value: From) => To): To | undefined =>
  value === undefined ? undefined : change(value);
