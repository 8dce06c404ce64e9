/** JSON in and out. */

import type { HeaderList, HttpRequest, HttpResponse } from "./message.ts";
import { ProblemError } from "./problem.ts";

const JSON_TYPE = ["content-type", "application/json"] as const;
/** What a management request may weigh; an OpenAPI document of 1 MiB is large. */
const JSON_LIMIT_BYTES = 4 * 1024 * 1024;

/** An answer with a JSON body. */
export function json(value: unknown, status = 200, headers: HeaderList = []): HttpResponse {
  return { status, headers: [JSON_TYPE, ...headers], body: JSON.stringify(value) };
}

/**
 * The request's body as JSON; its shape is for the caller to check.
 *
 * @throws ProblemError 415 UNSUPPORTED_MEDIA_TYPE when another type is declared, 400 INVALID_JSON when it does not parse
 * @throws PayloadTooLarge and the other body errors
 */
export async function readJson(request: HttpRequest, limitBytes: number = JSON_LIMIT_BYTES): Promise<unknown> {
  const type = request.headers.get("content-type");
  if (type !== undefined && !/^application\/([\w.!#$&^+-]+\+)?json\s*(;|$)/i.test(type)) {
    throw new ProblemError({
      status: 415,
      code: "UNSUPPORTED_MEDIA_TYPE",
      title: "The body must be JSON.",
      detail: "Send it with the header `content-type: application/json`.",
    });
  }
  const text = await request.body.text(limitBytes);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ProblemError({
      status: 400,
      code: "INVALID_JSON",
      title: "The body is not valid JSON.",
      detail: text.trim() === "" ? "The body is empty." : error instanceof Error ? error.message : "It does not parse.",
    });
  }
}
