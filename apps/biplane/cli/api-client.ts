/** Calls of the control API. */
import { CodedError } from "#foundation/errors";
import { type HttpReply, httpRequest } from "#foundation/http";
import type { ApiAccess } from "./find-cloud.ts";

export interface ApiCall {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** As JSON. */
  readonly body?: unknown;
  /** A body that is sent as it is. */
  readonly octets?: Uint8Array;
  readonly headers?: readonly (readonly [string, string])[];
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** The API's answer. An access token that has expired is renewed. @throws CodedError with the code of the problem, HttpCallError */
export async function callApi(access: ApiAccess, call: ApiCall): Promise<HttpReply> {
  const reply = await send(access, access.token, call);
  if (reply.status < 400) return reply;
  const problem = await problemOf(reply);
  if (problem.code !== "TOKEN_EXPIRED" || access.renew === undefined) throw problem;
  const again = await send(access, await access.renew(), call);
  if (again.status < 400) return again;
  throw await problemOf(again);
}

async function send(access: ApiAccess, token: string | undefined, call: ApiCall): Promise<HttpReply> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(call.query ?? {})) if (value !== undefined) query.set(name, String(value));
  const search = query.size === 0 ? "" : `?${query}`;
  const body = call.octets ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
  const type = call.octets === undefined ? "application/json" : "application/octet-stream";
  return await httpRequest({
    url: `${access.url}${call.path}${search}`,
    method: call.method ?? "GET",
    headers: [
      ...(token === undefined ? [] : ([["authorization", `Bearer ${token}`]] as const)),
      ["user-agent", "biplane-cli"],
      ...(body === undefined ? [] : ([["content-type", type]] as const)),
      ...(call.headers ?? []),
    ],
    ...(body === undefined ? {} : { body }),
    ...(call.signal === undefined ? {} : { signal: call.signal }),
    ...(call.timeoutMs === undefined ? {} : { timeoutMs: call.timeoutMs }),
  });
}

/** The answer of a route that knows no callers yet, as JSON. @throws CodedError, HttpCallError */
export async function callPublicApi<Answer>(url: string, call: ApiCall): Promise<Answer> {
  const reply = await send({ url, token: "" }, undefined, call);
  if (reply.status < 400) return (await reply.json()) as Answer;
  throw await problemOf(reply);
}

/** The API's answer as JSON. `Answer` is what the route's schema says. */
export async function callApiJson<Answer>(access: ApiAccess, call: ApiCall): Promise<Answer> {
  return (await (await callApi(access, call)).json()) as Answer;
}

/** All pages of a listing. */
export async function* listAll<Item>(
  access: ApiAccess,
  path: string,
  query: ApiCall["query"] = {},
): AsyncGenerator<Item, void, void> {
  let after: string | undefined;
  do {
    const page = await callApiJson<{ readonly items: readonly Item[]; readonly next?: string }>(access, {
      path,
      query: { ...query, after },
    });
    yield* page.items;
    after = page.next;
  } while (after !== undefined);
}

/** Has the control plane decide. */
export async function executeCommand<Result>(access: ApiAccess, command: object): Promise<Result> {
  const answer = await changeByApi<{ readonly result: Result }>(access, "POST", "/v1/commands", command);
  return answer.result;
}

/** Changes something; the answer as JSON. */
export async function changeByApi<Answer>(
  access: ApiAccess,
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: object,
): Promise<Answer> {
  return await callApiJson<Answer>(access, {
    method,
    path,
    ...(body === undefined ? {} : { body }),
    // Should the answer get lost on the way, the client underneath does not repeat; a person who does has a new key, and is told of the conflict.
    headers: [["idempotency-key", crypto.randomUUID()]],
  });
}

async function problemOf(reply: HttpReply): Promise<CodedError> {
  const { status } = reply;
  let code = "UNEXPECTED_ANSWER";
  let message = `The control API answered with status ${status}.`;
  let retryable = status === 429 || status === 503;
  try {
    const problem = (await reply.json(64 * 1024)) as Readonly<Record<string, unknown>> | null;
    if (typeof problem?.code === "string") code = problem.code;
    const text = problem?.detail ?? problem?.title;
    if (typeof text === "string") message = text;
    if (typeof problem?.retryable === "boolean") retryable = problem.retryable;
  } catch {
    // Not a problem document: something else listens there, and the status is all there is.
  }
  return new CodedError(code, { status, retryable, message });
}
