/**
 * From access keys and session tokens to principals, remembered.
 *
 * Everything here follows from the catalog alone. What was worked out is kept until anything about identities changes in it: then it is worked out anew at the next
 * request, so that a change holds from that moment on, and an ordinary request costs two look-ups.
 */
import {
  type AccessKeyRecord,
  type CatalogChange,
  type CatalogKind,
  IDENTITY_KINDS,
  type SessionClaims,
} from "#contracts";
import { type Catalog, ControlPlaneUnavailable } from "#data-plane/link";
import { SignatureError } from "#foundation/aws/sigv4";
import { type Principal, principalOfKey, principalOfSession } from "./callers.ts";
import { SessionCache } from "./session-cache.ts";

/** What a signature claims to be made with. */
export interface Claim {
  readonly accessKeyId: string;
  readonly sessionToken: string | undefined;
}

/** Credentials that exist and may be used. That the caller has the secret is not proven yet. */
export interface ClaimedPrincipal extends Principal {
  readonly secret: string;
}

/** What was worked out, and when. */
interface Known<Value> {
  readonly generation: number;
  readonly value: Value;
}

interface KnownSession {
  readonly claims: SessionClaims;
  principal: Known<ClaimedPrincipal> | undefined;
}

/** Records that principals are made of. */
const CONCERNED: ReadonlySet<CatalogKind> = new Set<CatalogKind>([...IDENTITY_KINDS, "account", "accessKey", "member"]);

export class Principals {
  readonly #catalog: Catalog;
  readonly #ofKeys = new WeakMap<AccessKeyRecord, Known<Principal | undefined>>();
  readonly #sessions = new SessionCache<KnownSession>();
  #generation = 0;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
    catalog.onChange((changes) => {
      if (changes.some(concerns)) this.#generation++;
    });
  }

  /**
   * Looks up whom a signature claims to be of.
   *
   * @param now epoch milliseconds
   * @throws SignatureError `unknown-key` for keys that do not exist, are inactive, or belong to a user or account that is gone; `invalid-token` for session tokens
   *   that were not made here for this key, or whom nobody stands behind any more; `expired-token`
   * @throws ControlPlaneUnavailable while the key that opens secrets is not here
   */
  claimed({ accessKeyId, sessionToken }: Claim, now: number): ClaimedPrincipal {
    return sessionToken === undefined ? this.#byKey(accessKeyId) : this.#bySession(accessKeyId, sessionToken, now);
  }

  #byKey(accessKeyId: string): ClaimedPrincipal {
    const key = this.#catalog.accessKey(accessKeyId);
    const principal = key === undefined ? undefined : this.#ofKey(key);
    if (principal === undefined) throw new SignatureError({ reason: "unknown-key", accessKeyId });
    const secret = this.#catalog.secretOf(accessKeyId);
    // The key is good: to call it unknown would make clients give up what works again as soon as the control plane sends its sealing key.
    if (secret === undefined) throw new ControlPlaneUnavailable("the secret of this key cannot be opened here now");
    return { caller: principal.caller, standing: principal.standing, secret };
  }

  #ofKey(key: AccessKeyRecord): Principal | undefined {
    const known = this.#ofKeys.get(key);
    if (known !== undefined && known.generation === this.#generation) return known.value;
    const value = principalOfKey(this.#catalog, key);
    this.#ofKeys.set(key, { generation: this.#generation, value });
    return value;
  }

  #bySession(accessKeyId: string, token: string, now: number): ClaimedPrincipal {
    let session = this.#sessions.get(accessKeyId, token);
    if (session === undefined) {
      const claims = this.#catalog.openSession(token, accessKeyId);
      if (claims === undefined) throw new SignatureError({ reason: "invalid-token" });
      session = { claims, principal: undefined };
      this.#sessions.set(accessKeyId, token, session);
    }
    const { claims, principal } = session;
    if (now >= claims.expiresAt) throw new SignatureError({ reason: "expired-token" });
    if (principal !== undefined && principal.generation === this.#generation) return principal.value;
    const { caller, standing } = principalOfSession(this.#catalog, claims);
    const value = { caller, standing, secret: claims.secretAccessKey };
    session.principal = { generation: this.#generation, value };
    return value;
  }
}

const concerns = (change: CatalogChange): boolean =>
  CONCERNED.has(change.change === "delete" ? change.kind : change.record.kind);
