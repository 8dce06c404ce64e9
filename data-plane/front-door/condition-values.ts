/**
 * The condition keys that every service shares: from where, when, signed how, in which session. Keys that follow from who calls are the policy room's.
 *
 * Sources: IAM User Guide, "AWS global condition context keys" and "Available keys for AWS OIDC federation"; Service Authorization Reference, "Condition keys for
 * Amazon S3" (the signature's).
 */
import type { AccessRequest, Caller, CallerSession } from "#data-plane/service";
import type { SignedRequest } from "#foundation/aws/sigv4";
import type { HttpRequest } from "#foundation/http";
import type { ConditionContext } from "#foundation/policy";

/** The facts of a call that condition keys ask for. */
export interface CallFacts {
  readonly request: HttpRequest;
  readonly caller: Caller;
  readonly signature: SignedRequest | undefined;
  readonly region: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

type ConditionValue = string | readonly string[] | undefined;

/** The keys of one question. A value is computed only when a policy asks. */
export class QuestionContext implements ConditionContext {
  readonly #facts: CallFacts;
  readonly #question: AccessRequest;

  constructor(facts: CallFacts, question: AccessRequest) {
    this.#facts = facts;
    this.#question = question;
  }

  get(key: string): ConditionValue {
    const { request, signature, now } = this.#facts;
    switch (key) {
      case "aws:sourceip":
        return request.remoteAddress;
      case "aws:securetransport":
        return request.secure ? "true" : "false";
      case "aws:currenttime":
        return new Date(now).toISOString();
      case "aws:epochtime":
        return String(Math.floor(now / 1000));
      case "aws:useragent":
        return request.headers.get("user-agent");
      case "aws:referer":
        return request.headers.get("referer");
      case "aws:requestedregion":
        return this.#facts.region;
      case "aws:resourceaccount":
        return this.#question.resourceAccount;
      case "aws:viaawsservice":
        return "false";
      case "s3:signatureversion":
        return signature?.signatureVersion;
      case "s3:authtype":
        return signature?.authType;
      case "s3:signatureage":
        return signature === undefined ? undefined : signatureAge(signature, now);
      case "s3:x-amz-content-sha256":
        return request.headers.get("x-amz-content-sha256");
      case "aws:tokenissuetime":
        return mapped(sessionOf(this.#facts), ({ issuedAt }) => new Date(issuedAt).toISOString());
      case "aws:multifactorauthpresent":
        // There are no second factors here. Only requests of sessions have the key.
        return mapped(sessionOf(this.#facts), () => "false");
      case "aws:sourceidentity":
        return sessionOf(this.#facts)?.sourceIdentity;
      default:
        return this.#ofService(key) ?? ofWebIdentity(key, sessionOf(this.#facts));
    }
  }

  #ofService(key: string): ConditionValue {
    const { conditions } = this.#question;
    return conditions !== undefined && Object.hasOwn(conditions, key) ? conditions[key] : undefined;
  }
}

const mapped = <From, To>(value: From | undefined, change: (value: From) => To): To | undefined =>
  value === undefined ? undefined : change(value);

const sessionOf = ({ caller }: CallFacts): CallerSession | undefined =>
  caller.type === "anonymous" ? undefined : caller.session;

/** What the provider of a web identity said about it: `accounts.example.com:sub`, `…:aud`. */
function ofWebIdentity(key: string, session: CallerSession | undefined): string | undefined {
  const federated = session?.federated;
  if (federated === undefined) return undefined;
  const colon = key.lastIndexOf(":");
  if (key.slice(0, colon) !== federated.provider.toLowerCase()) return undefined;
  const name = key.slice(colon + 1);
  return name === "sub" ? federated.subject : name === "aud" ? federated.audience : undefined;
}

/** A signature without a date may be of any age: it never counts as fresh. */
const UNKNOWN_AGE = String(Number.MAX_SAFE_INTEGER);

/** Milliseconds since signing, for `s3:signatureAge`. Signature Version 2 says no time. */
function signatureAge(signature: SignedRequest, now: number): string {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(signature.timestamp);
  if (match === null) return UNKNOWN_AGE;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  return String(Math.max(0, now - Date.UTC(year, month - 1, day, hour, minute, second)));
}
