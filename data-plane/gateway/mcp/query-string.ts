/** A parameter that is the whole query (OpenAPI 3.2 §4.12). Pure. */
import type { PlannedParameter } from "#foundation/gateway-artifact";
import { writtenBody } from "./write-body.ts";
import { Unwritable } from "./write-parameter.ts";

/** @throws Unwritable */
export function formValueText({ isJson, mediaType, shape }: PlannedParameter, value: unknown): string {
  if (isJson) return encodeURIComponent(JSON.stringify(value));
  if (mediaType !== "application/x-www-form-urlencoded") {
    if (typeof value !== "string") throw new Unwritable("must be text");
    return encodeURIComponent(value);
  }
  return Buffer.from(writtenBody({ type: mediaType, shape }, value, "").bytes).toString();
}
