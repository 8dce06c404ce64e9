/** What the gateway answers by itself when something is wrong: problem documents (RFC 9457), one list of them. */
import type { Answer } from "./message/answer.ts";
import { HeaderFields } from "./message/header-fields.ts";

/** Status and title of each; the slug ends `type` and is `code`. */
export const PROBLEMS = {
  "bad-request": [400, "Bad request"],
  "validation-failed": [400, "The request does not fit its description"],
  "authentication-failed": [401, "Authentication failed"],
  "authorization-failed": [403, "Not allowed"],
  "acl-denied": [403, "Not allowed"],
  "opa-denied": [403, "Not allowed by policy"],
  "cel-denied": [403, "Not allowed by rule"],
  "ip-restricted": [403, "Not allowed from this address"],
  "bot-detected": [403, "Not allowed for this client"],
  "cors-not-allowed": [403, "Not allowed from this origin"],
  "not-found": [404, "Not found"],
  "method-not-allowed": [405, "Method not allowed"],
  "request-timeout": [408, "The request took too long to come"],
  "payload-too-large": [413, "The body is too large"],
  "uri-too-long": [414, "The target is too long"],
  "unsupported-media-type": [415, "The media type is not one of those described"],
  "upgrade-required": [426, "Another protocol has to be asked for"],
  "rate-limit-exceeded": [429, "Too many requests"],
  "headers-too-large": [431, "The header section is too large"],
  "ai-prompt-guard": [400, "The prompt is not allowed"],
  "ai-token-limit-exceeded": [429, "Too many tokens"],
  "ai-response-blocked": [502, "The response is not allowed"],
  "model-required": [400, "A model has to be named"],
  "model-not-permitted": [403, "The model is not permitted"],
  "no-route": [400, "No target for this model"],
  "responses-not-supported-for-provider": [400, "The provider cannot be asked this as a response"],
  "previous-response-id-not-supported": [400, "Nothing is kept from one response to the next"],
  "custom-tools-not-supported-for-provider": [400, "The provider calls functions only"],
  internal: [500, "Internal error"],
  "not-supported": [501, "Not supported"],
  "upstream-unavailable": [502, "The upstream is not available"],
  "upstream-invalid": [502, "The upstream's response is not valid"],
  "upstream-without-websocket": [502, "The upstream takes no WebSockets"],
  "response-invalid": [502, "The response does not fit its description"],
  "authorization-unavailable": [503, "Authorization cannot be decided now"],
  "authentication-unavailable": [503, "Authentication cannot be decided now"],
  "rate-limiter-unavailable": [503, "The limit cannot be checked now"],
  "circuit-open": [503, "The upstream is left alone for now"],
  "too-many-connections": [503, "Too many connections are open"],
  "nats-publish-failed": [502, "The message was not confirmed"],
  "nats-unavailable": [503, "Messages are not taken now"],
  "kafka-publish-failed": [502, "The message was not confirmed"],
  "kafka-unavailable": [503, "Messages are not taken now"],
  "sqs-publish-failed": [502, "The message was not confirmed"],
  "sqs-unavailable": [503, "Messages are not taken now"],
  "shutting-down": [503, "Shutting down"],
  "no-artifact": [503, "Nothing is served here yet"],
  "upstream-timeout": [504, "The upstream took too long"],
} as const satisfies Readonly<Record<string, readonly [status: number, title: string]>>;

export type ProblemCode = keyof typeof PROBLEMS;

export interface ProblemDetails {
  /** For whoever called: never more than they may know. */
  readonly detail?: string;
  /** In the place of the usual one. */
  readonly status?: number;
  /** Further members. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** Name, value, name, value … */
  readonly headers?: readonly string[];
}

/** @example problem("not-found", { detail: "No operation has this path." }) */
export function problem(code: ProblemCode, details: ProblemDetails = {}): Answer {
  const [usual, title] = PROBLEMS[code];
  const status = details.status ?? usual;
  const { detail, members, headers = [] } = details;
  const document = {
    type: `urn:biplane:error:${code}`,
    title,
    status,
    ...(detail === undefined ? {} : { detail }),
    code,
    ...members,
  };
  const answer = {
    status,
    headers: HeaderFields.of(["Content-Type", "application/problem+json", ...headers]),
    body: Buffer.from(JSON.stringify(document)),
  };
  MADE_HERE.add(answer);
  return answer;
}

const MADE_HERE = new WeakSet<Answer>();

/** Whether the gateway itself says it: then no description of an upstream's answers speaks of it. */
export const isOwnProblem = (answer: Answer): boolean => MADE_HERE.has(answer);
