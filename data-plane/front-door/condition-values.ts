/**
 * The condition keys that every service shares: from where, when, signed how. Keys that follow from who calls are the policy room's.
 *
 * Sources: IAM User Guide, "AWS global condition context keys"; Service Authorization Reference, "Condition keys for Amazon S3" (the signature's).
 */
import type { AccessRequest, Caller } from "#data-plane/service";
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
      default:
        return this.#ofService(key);
    }
  }

  #ofService(key: string): ConditionValue {
    const { conditions } = this.#question;
    return conditions !== undefined && Object.hasOwn(conditions, key) ? conditions[key] : undefined;
  }
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
