/** From a signature to a caller: looks the key up in the catalog and verifies. Never asks the control plane. */
import type { AccessKeyRecord, AccountRecord, UserRecord } from "#contracts";
import { type Catalog, ControlPlaneUnavailable } from "#data-plane/link";
import type { Caller } from "#data-plane/service";
import {
  type ParsedSignature,
  type SignableRequest,
  SignatureError,
  type SignedRequest,
  verifySignature,
} from "#foundation/aws/sigv4";

/** A caller that has a key. */
export type KeyedCaller = Exclude<Caller, { type: "anonymous" }>;

/** A caller and, unless anonymous, the signature that proved it. */
export type Authentication =
  | { readonly caller: Extract<Caller, { type: "anonymous" }>; readonly signature: undefined }
  | { readonly caller: KeyedCaller; readonly signature: SignedRequest };

/** Nobody in particular. */
export const ANONYMOUS: Authentication = { caller: { type: "anonymous" }, signature: undefined };

/** A signature that claims a key. */
export type ClaimedSignature = Exclude<ParsedSignature, { kind: "anonymous" }>;

/** A key that exists and may be used. That the caller has its secret is not proven yet. */
export interface ClaimedKey {
  readonly caller: KeyedCaller;
  readonly secret: string;
}

/**
 * Looks up the key that a signature claims.
 *
 * @throws SignatureError `unknown-key` for keys that do not exist, are inactive or belong to a deleted user; `invalid-token` for session tokens,
 *   which no key of the catalog has
 * @throws ControlPlaneUnavailable while the key that opens secrets is not here
 */
export function claimedKey(catalog: Catalog, claim: ClaimedSignature): ClaimedKey {
  const { accessKeyId } = claim;
  const caller = callerOfKey(catalog, accessKeyId);
  if (caller === undefined) throw new SignatureError({ reason: "unknown-key", accessKeyId });
  const secret = catalog.secretOf(accessKeyId);
  // The key is good: to call it unknown would make clients give up what works again as soon as the control plane sends its sealing key.
  if (secret === undefined) throw new ControlPlaneUnavailable("the secret of this key cannot be opened here now");
  if (claim.sessionToken !== undefined) throw new SignatureError({ reason: "invalid-token" });
  return { caller, secret };
}

export interface ProofOptions {
  /** Epoch milliseconds. */
  readonly now: number;
  /** Regions that this endpoint serves. */
  readonly regions: ReadonlySet<string>;
  /** Named when the scope's region is not served. */
  readonly defaultRegion: string;
  /** Signing names of the addressed service. */
  readonly signingNames: readonly string[];
  readonly virtualHostBucket: string | undefined;
  /** The whole body, where `needsBodyToVerify` wants it. */
  readonly body: Uint8Array | undefined;
}

/** Proves a claim. @throws SignatureError whatever {@link verifySignature} refuses */
export function prove(
  claim: ClaimedSignature,
  key: ClaimedKey,
  request: SignableRequest,
  options: ProofOptions,
): Authentication {
  const served = "scope" in claim && options.regions.has(claim.scope.region);
  const signature = verifySignature(claim, request, key.secret, {
    now: options.now,
    region: served ? claim.scope.region : options.defaultRegion,
    service: options.signingNames,
    virtualHostBucket: options.virtualHostBucket,
    body: options.body,
  });
  // The claim says that there is a signature, so that the verifier cannot call the request anonymous.
  if (signature.kind === "anonymous") throw new SignatureError({ reason: "missing" });
  return { caller: key.caller, signature };
}

/** The records that a caller was made of: records are replaced whole, so that their identity says whether it still holds. */
interface KnownCaller {
  readonly account: AccountRecord;
  readonly user: UserRecord | undefined;
  readonly caller: KeyedCaller;
}

const known = new WeakMap<AccessKeyRecord, KnownCaller>();

/** The caller that an active key speaks for, or undefined. */
export function callerOfKey(catalog: Catalog, accessKeyId: string): KeyedCaller | undefined {
  const key = catalog.accessKey(accessKeyId);
  if (key === undefined || key.status !== "Active") return undefined;
  const { accountId, owner } = key;
  const account = catalog.account(accountId);
  const user = owner.type === "user" ? catalog.user(accountId, owner.userName) : undefined;
  if (account === undefined || (owner.type === "user" && user === undefined)) return undefined;
  const before = known.get(key);
  if (before !== undefined && before.account === account && before.user === user) return before.caller;
  const caller = makeCaller(key, account, user);
  known.set(key, { account, user, caller });
  return caller;
}

function makeCaller(key: AccessKeyRecord, account: AccountRecord, user: UserRecord | undefined): KeyedCaller {
  const { accessKeyId, accountId } = key;
  const { canonicalUserId } = account;
  if (user === undefined) {
    const arn = `arn:aws:iam::${accountId}:root`;
    return { type: "root", accountId, arn, userId: accountId, accessKeyId, canonicalUserId };
  }
  const { name: userName, entityId: userId } = user;
  const arn = `arn:aws:iam::${accountId}:user${user.path}${userName}`;
  return { type: "user", accountId, arn, userId, userName, accessKeyId, canonicalUserId };
}
