/** `sqs`: a request is a message, sent to a queue and answered when the queue has it. */
import { createHash } from "node:crypto";
import type { JsonObject } from "#foundation/gateway-artifact";
import type { Answer } from "../../../message/answer.ts";
import { problem } from "../../../problems.ts";
import type { Dispatcher, DispatcherPlugin, PluginHost } from "../../plugin.ts";
import { upstreamOf } from "../../upstream-address.ts";
import { type AckResponse, acknowledging } from "./acknowledgement.ts";
import { Publishing, type Unconfirmed } from "./publishing.ts";
import { headersOf, type TextOf, textOf } from "./request-texts.ts";
import { NotSent, type QueueService, type SendMessage, sendMessage } from "./sqs-call.ts";

interface SqsConfig {
  readonly queue_url: string;
  readonly endpoint?: string;
  readonly region: string;
  readonly access_key_id: string;
  readonly secret_access_key: string;
  readonly session_token?: string;
  readonly group_id?: string;
  readonly deduplication_id?: string;
  readonly delay_seconds?: number;
  readonly headers_from_request: readonly string[];
  readonly ack_response: AckResponse;
  readonly include_metadata: boolean;
  readonly timeout: number;
  readonly max_in_flight: number;
}

export const sqs: DispatcherPlugin = {
  name: "sqs",
  setup(config: JsonObject, host: PluginHost): Dispatcher {
    const parsed = config as unknown as SqsConfig;
    const { queue_url, delay_seconds, ack_response, include_metadata, max_in_flight } = parsed;
    const service = serviceOf(parsed, host);
    const key = createHash("sha256").update(JSON.stringify([queue_url, parsed.access_key_id, max_in_flight]));
    const publishing = host.keep("sqs", key.digest("hex"), () => new Publishing("sqs", max_in_flight, host));
    const attributesOf = attributesFrom(parsed.headers_from_request);
    const groupOf = parsed.group_id === undefined ? undefined : textOf(parsed.group_id);
    const deduplicationOf = parsed.deduplication_id === undefined ? undefined : textOf(parsed.deduplication_id);
    const acknowledge = acknowledging(ack_response, include_metadata);
    return {
      readsRequestBody: true,
      dispatch(exchange): Answer | Promise<Answer> {
        const bytes = exchange.request.body.bytes ?? Buffer.alloc(0);
        const body = textIn(bytes);
        if (body === undefined)
          return bad("A message is a text in UTF-8 that is not empty, without control characters.");
        const group = groupOf?.(exchange);
        const deduplication = deduplicationOf?.(exchange);
        if (groupOf !== undefined && !isId(group)) return bad("No group of a message can be made of the request.");
        // Without one, the queue makes its own of the body where it was told to.
        if (deduplication !== undefined && !isId(deduplication)) {
          return bad("No deduplication id can be made of the request.");
        }
        const message: SendMessage = {
          QueueUrl: queue_url,
          MessageBody: body,
          ...attributesOf(exchange),
          ...(group === undefined ? {} : { MessageGroupId: group }),
          ...(deduplication === undefined ? {} : { MessageDeduplicationId: deduplication }),
          ...(delay_seconds === undefined ? {} : { DelaySeconds: delay_seconds }),
        };
        return publishing.run(bytes.length, () => metadataOf(service, message), whyOf, acknowledge);
      },
    };
  },
};

function serviceOf(config: SqsConfig, host: PluginHost): QueueService {
  const { queue_url, endpoint, region, access_key_id, secret_access_key, session_token, timeout } = config;
  return {
    host,
    upstream: upstreamOf(endpoint ?? new URL(queue_url).origin),
    region,
    credential: {
      accessKeyId: access_key_id,
      secretAccessKey: secret_access_key,
      ...(session_token === undefined ? {} : { sessionToken: session_token }),
    },
    timeoutMs: timeout * 1000,
  };
}

async function metadataOf(service: QueueService, message: SendMessage): Promise<JsonObject> {
  const { messageId, sequenceNumber } = await sendMessage(service, message);
  return { message_id: messageId, ...(sequenceNumber === undefined ? {} : { sequence_number: sequenceNumber }) };
}

function attributesFrom(
  names: readonly string[],
): (exchange: Parameters<TextOf>[0]) => Pick<SendMessage, "MessageAttributes"> {
  const headers = headersOf(names);
  return (exchange) => {
    // An attribute without a value is none.
    const said = headers(exchange).filter(([, value]) => value !== "" && isAllowed(value));
    if (said.length === 0) return {};
    return {
      MessageAttributes: Object.fromEntries(
        said.map(([name, value]) => [name, { DataType: "String", StringValue: value }] as const),
      ),
    };
  };
}

const bad = (detail: string): Answer => problem("bad-request", { detail });

/** SQS API Reference, SendMessage: 1 to 128 letters, digits and punctuation marks. */
const isId = (text: string | undefined): boolean => text !== undefined && /^[\x21-\x7e]{1,128}$/.test(text);

/** What SQS lets a message consist of (the same as XML 1.0). */
const isAllowed = (text: string): boolean => !/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text);

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function textIn(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return undefined;
  try {
    const text = UTF8.decode(bytes);
    return isAllowed(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

function whyOf(error: unknown): Unconfirmed {
  if (error instanceof NotSent) return error.reason;
  throw error;
}
