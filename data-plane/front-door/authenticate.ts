/** From a signature to a caller: looks the key up in the catalog and verifies. Never asks the control plane. */
import type { AccessKeyRecord } from "#contracts";
import type { Catalog } from "#data-plane/link";
import type { Caller } from "#data-plane/service";
import {
  type ParsedSignature,
  parseSignature,
  type SignableRequest,
  SignatureError,
  type SignedRequest,
  verifySignature,
} from "#foundation/aws/sigv4";

/** A caller and, unless anonymous, the signature that proved it. */
export type Authentication =
  | { readonly caller: Extract<Caller, { type: "anonymous" }>; readonly signature: undefined }
  | { readonly caller: Exclude<Caller, { type: "anonymous" }>; readonly signature: SignedRequest };

const ANONYMOUS: Authentication = { caller: { type: "anonymous" }, signature: undefined };

export interface AuthenticateOptions {
  readonly now: number;
  /** Regions that this endpoint serves. */
  readonly regions: ReadonlySet<string>;
  /** Named when the scope's region is not served. */
  readonly defaultRegion: string;
  /** Signing names of the addressed service. */
  readonly signingNames: readonly string[];
  readonly virtualHostBucket?: string;
}

/** Turns catalog records into callers; records are immutable, so each is turned once. */
const callers = new WeakMap<AccessKeyRecord, Exclude<Caller, { type: "anonymous" }>>();

/** What the request claims, before any key is looked up. @throws SignatureError when it cannot be understood */
export function readSignature(request: SignableRequest): ParsedSignature {
  return parseSignature(request);
}

/**
 * Verifies a parsed signature against the catalog.
 *
 * @throws SignatureError `unknown-key` for keys that do not exist, are inactive or belong to a deleted user; `invalid-token` for session tokens, which no key of
 * this catalog has; whatever {@link verifySignature} refuses
 */
export function authenticate(
  parsed: ParsedSignature,
  request: SignableRequest,
  catalog: Catalog,
  options: AuthenticateOptions,
): Authentication {
  if (parsed.kind === "anonymous") return ANONYMOUS;
  const caller = callerOfKey(catalog, parsed.accessKeyId);
  const secret = caller === undefined ? undefined : catalog.secretOf(parsed.accessKeyId);
  if (caller === undefined || secret === undefined) {
    throw new SignatureError({ reason: "unknown-key", accessKeyId: parsed.accessKeyId });
  }
  if (parsed.sessionToken !== undefined) throw new SignatureError({ reason: "invalid-token" });
  const region =
    "scope" in parsed && options.regions.has(parsed.scope.region) ? parsed.scope.region : options.defaultRegion;
  const verified = verifySignature(parsed, request, secret, {
    now: options.now,
    region,
    service: options.signingNames,
    virtualHostBucket: options.virtualHostBucket,
  });
  // parseSignature said that there is a signature, so the verifier cannot call the request anonymous.
  if (verified.kind === "anonymous") throw new SignatureError({ reason: "missing" });
  return { caller, signature: verified };
}

/** The caller that an active key speaks for, or undefined. */
export function callerOfKey(catalog: Catalog, accessKeyId: string): Exclude<Caller, { type: "anonymous" }> | undefined {
  const key = catalog.accessKey(accessKeyId);
  if (key === undefined || key.status !== "Active") return undefined;
  const { owner } = key;
  // A user may be deleted and made again with another id and path: the user's record is read each time, only root callers are cached.
  if (owner.type === "user") {
    const user = catalog.user(key.accountId, owner.userName);
    const account = catalog.account(key.accountId);
    if (user === undefined || account === undefined) return undefined;
    return {
      type: "user",
      accountId: key.accountId,
      arn: `arn:aws:iam::${key.accountId}:user${user.path}${user.userName}`,
      userId: user.userId,
      userName: user.userName,
      accessKeyId,
      canonicalUserId: account.canonicalUserId,
    };
  }
  const cached = callers.get(key);
  if (cached !== undefined) return cached;
  const account = catalog.account(key.accountId);
  if (account === undefined) return undefined;
  const caller = {
    type: "root",
    accountId: key.accountId,
    arn: `arn:aws:iam::${key.accountId}:root`,
    userId: key.accountId,
    accessKeyId,
    canonicalUserId: account.canonicalUserId,
  } as const;
  callers.set(key, caller);
  return caller;
}
