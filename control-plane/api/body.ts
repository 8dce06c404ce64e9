/** Bodies of requests, read strictly: a member that is misspelt must not pass for one that was left out. */
import { type HttpRequest, ProblemError, readJson } from "#foundation/http";
import type { ObjectSchema } from "./route.ts";

/** Small structures only; policies and sections come through other doors. */
const BODY_BYTES_MAX = 64 * 1024;

/**
 * The members of a JSON body. Their names are checked against the schema, their values are for whoever takes them.
 *
 * @throws ProblemError 400 INVALID_BODY when it is no structure, or a member is missing or unknown; 415, 413 and 400 INVALID_JSON
 */
export async function readMembers(
  request: HttpRequest,
  { properties, required }: ObjectSchema,
  bytesMax = BODY_BYTES_MAX,
): Promise<Readonly<Record<string, unknown>>> {
  const body = request.body.empty ? {} : await readJson(request, bytesMax);
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw invalidBody("It must be a structure.");
  const members = body as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(members).find((name) => !Object.hasOwn(properties, name));
  if (unknown !== undefined) {
    throw invalidBody(`It has a member that is not known here. Known: ${Object.keys(properties).join(", ")}.`);
  }
  const missing = required.find((name) => !Object.hasOwn(members, name));
  if (missing !== undefined) throw invalidBody(`The member "${missing}" is missing.`);
  return members;
}

export function invalidBody(detail: string): ProblemError {
  return new ProblemError({ status: 400, code: "INVALID_BODY", title: "The body is not as it must be.", detail });
}
