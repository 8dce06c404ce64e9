/**
 * How large the body of a request may be. By what is announced before anything is read, and by what arrives: a body in chunks fails as soon as it has more octets than
 * allowed, wherever it is read (`BodyBroken`, kind `too-large`), and who reads it answers 413.
 */
import type { Answer } from "../../message/answer.ts";
import { problem } from "../../problems.ts";
import type { Middleware, MiddlewarePlugin } from "../plugin.ts";

interface RequestSizeLimitConfig {
  readonly max_bytes: number;
  readonly check_content_length: boolean;
}

export const REQUEST_SIZE_LIMIT: MiddlewarePlugin = {
  name: "request-size-limit",
  setup: (config) => requestSizeLimit(config as unknown as RequestSizeLimitConfig),
};

function requestSizeLimit(config: RequestSizeLimitConfig): Middleware {
  const { max_bytes: maxBytes, check_content_length: checkLength } = config;
  return {
    onRequest({ request: { body } }) {
      const { bytes, stream, length } = body;
      if (bytes !== undefined) return bytes.length > maxBytes ? refusal(maxBytes) : undefined;
      if (checkLength && length !== undefined && length > maxBytes) return refusal(maxBytes);
      // Also when the length is known: then it is what counts here.
      if (stream !== undefined) stream.limit = Math.min(stream.limit, maxBytes);
      // A short body has often come with its head.
      return stream !== undefined && stream.received > maxBytes ? refusal(maxBytes) : undefined;
    },
  };
}

function refusal(maxBytes: number): Answer {
  return problem("payload-too-large", { detail: `The body may have ${maxBytes} octets.` });
}
