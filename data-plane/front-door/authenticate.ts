/** From a signature to a caller: whom it claims to be of is looked up in the catalog, then it is verified. Never asks the control plane. */
import { type ClaimedPrincipal, type KeyedCaller, NO_STANDING, type Standing } from "#data-plane/principals";
import type { Caller } from "#data-plane/service";
import {
  type ParsedSignature,
  type SignableRequest,
  SignatureError,
  type SignedRequest,
  verifySignature,
} from "#foundation/aws/sigv4";

/** A caller, what decides about it and, unless it is anonymous, the signature that proved it. */
export type Authentication =
  | {
      readonly caller: Extract<Caller, { type: "anonymous" }>;
      readonly standing: Standing;
      readonly signature: undefined;
    }
  | { readonly caller: KeyedCaller; readonly standing: Standing; readonly signature: SignedRequest };

/** Nobody in particular. */
export const ANONYMOUS: Authentication = {
  caller: { type: "anonymous" },
  standing: NO_STANDING,
  signature: undefined,
};

/** A signature that claims a key. */
export type ClaimedSignature = Exclude<ParsedSignature, { kind: "anonymous" }>;

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
  claimed: ClaimedPrincipal,
  request: SignableRequest,
  options: ProofOptions,
): Authentication {
  const served = "scope" in claim && options.regions.has(claim.scope.region);
  const signature = verifySignature(claim, request, claimed.secret, {
    now: options.now,
    region: served ? claim.scope.region : options.defaultRegion,
    service: options.signingNames,
    virtualHostBucket: options.virtualHostBucket,
    body: options.body,
  });
  // The claim says that there is a signature, so that the verifier cannot call the request anonymous.
  if (signature.kind === "anonymous") throw new SignatureError({ reason: "missing" });
  return { caller: claimed.caller, standing: claimed.standing, signature };
}
