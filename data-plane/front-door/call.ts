/** One call as its operation sees it. */
import type { Region } from "#contracts";
import type { Catalog } from "#data-plane/link";
import type { AccessRequest, CallContext, Caller } from "#data-plane/service";
import { AwsError } from "#foundation/aws";
import type { SignedRequest } from "#foundation/aws/sigv4";
import type { HttpRequest } from "#foundation/http";
import type { CompiledPolicy, Decision } from "#foundation/policy";
import type { AddressedRequest } from "./address.ts";
import { anyAsksFor } from "./asked-keys.ts";
import type { Authentication } from "./authenticate.ts";
import { decideQuestion, identityPolicies, refusalText } from "./authorize.ts";
import type { CallFacts } from "./condition-values.ts";

/** What calls of one front door share. */
export interface Surroundings {
  readonly catalog: Catalog;
  readonly hostId: string;
  /** Region of calls whose signature names none. */
  readonly defaultRegion: Region;
}

export class Call implements CallContext, CallFacts {
  readonly request: HttpRequest;
  readonly caller: Caller;
  readonly signature: SignedRequest | undefined;
  readonly region: Region;
  readonly now: number;
  readonly endpoint: string;
  readonly virtualHost: boolean;
  readonly trailers: ReadonlyMap<string, string>;
  readonly #surroundings: Surroundings;
  #identity: readonly CompiledPolicy[] | undefined;

  /** @param now epoch milliseconds of the request's arrival */
  constructor(
    surroundings: Surroundings,
    addressed: AddressedRequest,
    authentication: Authentication,
    trailers: ReadonlyMap<string, string>,
    now: number,
  ) {
    const { caller, signature } = authentication;
    this.#surroundings = surroundings;
    this.request = addressed.request;
    this.caller = caller;
    this.signature = signature;
    // The verifier lets served regions pass only.
    this.region = (signature?.scope?.region as Region | undefined) ?? surroundings.defaultRegion;
    this.now = now;
    this.endpoint = addressed.endpoint;
    this.virtualHost = addressed.bucket !== undefined;
    this.trailers = trailers;
  }

  get requestId(): string {
    return this.request.id;
  }

  get hostId(): string {
    return this.#surroundings.hostId;
  }

  get presigned(): boolean {
    return this.signature?.presigned !== undefined;
  }

  decide(question: AccessRequest): Decision {
    return decideQuestion(this, this.#policies(), question);
  }

  asksFor(prefix: string): boolean {
    return anyAsksFor(this.#policies(), prefix);
  }

  authorize(question: AccessRequest): void {
    const decision = this.decide(question);
    if (decision.allowed) return;
    throw new AwsError("AccessDenied", refusalText(this, question, decision), { statusCode: 403 });
  }

  #policies(): readonly CompiledPolicy[] {
    if (this.#identity === undefined) {
      const { caller } = this;
      const user =
        caller.type === "user" && caller.userName !== undefined
          ? this.#surroundings.catalog.user(caller.accountId, caller.userName)
          : undefined;
      this.#identity = identityPolicies(user);
    }
    return this.#identity;
  }
}
