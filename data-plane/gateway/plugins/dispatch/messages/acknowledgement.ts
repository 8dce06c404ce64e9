/** What a client is told when its message was taken. */
import type { JsonObject, JsonValue } from "#foundation/gateway-artifact";
import type { Answer } from "../../../message/answer.ts";
import { HeaderFields } from "../../../message/header-fields.ts";

export interface AckResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly content_type: string;
  readonly body: JsonValue;
}

/** @param includeMetadata whether the body has what is known of the message, too */
export function acknowledging(ack: AckResponse, includeMetadata: boolean): (metadata: JsonObject) => Answer {
  const { status, headers, content_type, body } = ack;
  const hasNone = status === 204 || body === "";
  const fields = Object.entries(headers).flat();
  const written = hasNone ? fields : ["Content-Type", content_type, ...fields];
  const bytes = hasNone ? null : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return (metadata) => ({
    status,
    headers: HeaderFields.of([...written]),
    body: includeMetadata && !hasNone ? Buffer.from(JSON.stringify({ ...(body as JsonObject), ...metadata })) : bytes,
  });
}
