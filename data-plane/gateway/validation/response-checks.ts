/** Answers of a dispatcher held against what the description says of them. */
import type { PlannedOperation } from "#foundation/gateway-artifact";
import type { Answer } from "../message/answer.ts";
import { BodyChecks } from "./body-checks.ts";
import { ParameterChecks } from "./parameter-checks.ts";
import type { ValidatorSet } from "./validator-set.ts";
import { sentenceOf } from "./violation.ts";

export interface Misfit {
  readonly kind: "misfit";
  readonly place: "status" | "header" | "content-type" | "body";
  /** Where and how, without anything of the content. */
  readonly detail: string;
}

export type ResponseDemand =
  | { readonly kind: "fits" }
  | Misfit
  /** It has to be whole. */
  | { readonly kind: "body"; readonly check: (bytes: Uint8Array) => Misfit | undefined };

interface CheckedResponse {
  readonly headers: ParameterChecks;
  /** Undefined: nothing is said of a body. */
  readonly body: BodyChecks | undefined;
}

const FITS: ResponseDemand = { kind: "fits" };

export class ResponseChecks {
  /** Whether what does not fit is not given to anybody. */
  readonly enforces: boolean;
  readonly #byStatus: ReadonlyMap<string, CheckedResponse>;

  constructor({ responses, responseValidation }: PlannedOperation, validators: ValidatorSet) {
    this.enforces = responseValidation === "enforce";
    this.#byStatus = new Map(
      responses.map(({ status, headers = [], content }) => [
        status,
        {
          headers: new ParameterChecks(headers, [], validators, "response"),
          body: content.length === 0 ? undefined : new BodyChecks({ required: true, content }, validators, "response"),
        },
      ]),
    );
  }

  /** By the head alone. Streams of events and what is no longer HTTP are not looked into. @param method of the request */
  demand({ status, headers, body, upgraded }: Answer, method: string): ResponseDemand {
    // What says that there is nothing new, or speaks of a part of it, is not what the description speaks of (RFC 9110 §15.4.5, §15.3.7).
    if (upgraded !== undefined || status < 200 || status === 304 || status === 206) return FITS;
    const response =
      this.#byStatus.get(String(status)) ??
      this.#byStatus.get(`${Math.floor(status / 100)}XX`) ??
      this.#byStatus.get("default");
    if (response === undefined) return misfit("status", `The status ${status} is not described.`);
    const [wrong] = response.headers.check([], { query: "", headers });
    if (wrong !== undefined) return misfit("header", sentenceOf(wrong));
    if (response.body === undefined || method === "HEAD" || body === null) return FITS;
    if (body instanceof Uint8Array && body.length === 0) return misfit("body", "The body is missing.");
    const type = headers.get("content-type");
    const demand = response.body.demand(type, true);
    if (demand.kind === "unsupported") {
      return misfit("content-type", `The media type is none of ${demand.allowed.join(", ")}.`);
    }
    // What is packed cannot be looked into, and what is asked for packed is the client's.
    if (demand.kind !== "check" || headers.has("content-encoding")) return FITS;
    if (type !== undefined && /^\s*text\/event-stream\b/i.test(type)) return FITS;
    return {
      kind: "body",
      check(bytes) {
        const [violation] = demand.check(bytes);
        return violation === undefined ? undefined : misfit("body", sentenceOf(violation));
      },
    };
  }
}

const misfit = (place: Misfit["place"], detail: string): Misfit => ({ kind: "misfit", place, detail });
