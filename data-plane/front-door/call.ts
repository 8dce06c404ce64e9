/** One call as its operation sees it. */
import type { Region } from "#contracts";
import type { Standing } from "#data-plane/principals";
import type { AccessRequest, CallContext, Caller } from "#data-plane/service";
import { AwsError } from "#foundation/aws";
import type { SignedRequest } from "#foundation/aws/sigv4";
import type { HttpRequest } from "#foundation/http";
import type { Decision } from "#foundation/policy";
import type { AddressedRequest } from "./address.ts";
import { anyAsksFor, asksFor } from "./asked-keys.ts";
import type { Authentication } from "./authenticate.ts";
import { decideQuestion, refusalText } from "./authorize.ts";
import type { CallFacts } from "./condition-values.ts";

/** What calls of one front door share. */
export interface Surroundings {
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
  readonly #standing: Standing;

  /** @param now epoch milliseconds of the request's arrival */
  constructor(
    surroundings: Surroundings,
    addressed: AddressedRequest,
    authentication: Authentication,
    trailers: ReadonlyMap<string, string>,
    now: number,
  ) {
    const { caller, standing, signature } = authentication;
    this.#standing = standing;
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
    return decideQuestion(this, this.#standing, question);
  }

  asksFor(prefix: string): boolean {
    const { identity, boundary, session } = this.#standing;
    return (
      anyAsksFor(identity, prefix) ||
      anyAsksFor(session, prefix) ||
      (boundary !== undefined && asksFor(boundary, prefix))
    );
  }

  authorize(question: AccessRequest): void {
    this.admit(question);
  }

  /** As `authorize`, and says why. */
  admit(question: AccessRequest): Decision {
    const decision = this.decide(question);
    if (decision.allowed) return decision;
    throw new AwsError("AccessDenied", refusalText(this, this.#standing, question, decision), { statusCode: 403 });
  }
}
