/** `SendMessage` by the JSON protocol of SQS: how it is asked, and what its answers mean. */
import { type Credential, signRequest } from "#foundation/aws/sigv4";
import { ClientFailed, type OutgoingRequest, send } from "#foundation/http1";
import type { PluginHost } from "../../plugin.ts";
import type { Upstream } from "../../upstream-address.ts";
import type { Unconfirmed } from "./publishing.ts";

/** More is no answer to it. */
const ANSWER_BYTES_MAX = 64 * 1024;

/** Members as the API Reference has them. */
export interface SendMessage {
  readonly QueueUrl: string;
  readonly MessageBody: string;
  readonly MessageAttributes?: Readonly<Record<string, { readonly DataType: "String"; readonly StringValue: string }>>;
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
  readonly DelaySeconds?: number;
}

export interface SentMessage {
  readonly messageId: string;
  readonly sequenceNumber: string | undefined;
}

/** Why there is no message in the queue, or nobody knows. */
export class NotSent extends Error {
  override readonly name = "NotSent";
  constructor(
    readonly reason: Unconfirmed,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface QueueService {
  readonly host: PluginHost;
  readonly upstream: Upstream;
  readonly region: string;
  readonly credential: Credential;
  readonly timeoutMs: number;
}

/** @throws NotSent */
export async function sendMessage(service: QueueService, message: SendMessage): Promise<SentMessage> {
  const { status, text } = await answerTo(service, Buffer.from(JSON.stringify(message)));
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    said = undefined;
  }
  const members = (typeof said === "object" && said !== null ? said : {}) as Readonly<Record<string, unknown>>;
  if (status !== 200) throw refusal(status, members);
  const { MessageId, MD5OfMessageBody, SequenceNumber } = members;
  // The digest is of what has come there.
  if (typeof MessageId !== "string" || MD5OfMessageBody !== Bun.MD5.hash(message.MessageBody, "hex")) {
    throw new NotSent("lost", "the answer does not confirm the message");
  }
  return { messageId: MessageId, sequenceNumber: typeof SequenceNumber === "string" ? SequenceNumber : undefined };
}

async function answerTo(service: QueueService, body: Buffer): Promise<{ status: number; text: string }> {
  const { host, upstream } = service;
  try {
    const answer = await send(host.pool, upstream.origin, signed(service, body));
    return { status: answer.status, text: (await answer.body.bytes(ANSWER_BYTES_MAX)).toString() };
  } catch (error) {
    if (!(error instanceof ClientFailed)) throw new NotSent("lost", "the answer does not end", { cause: error });
    const { failure, sent } = error;
    if (failure.kind === "response-timeout" || failure.kind === "total-timeout") {
      throw new NotSent("late", error.message, { cause: error });
    }
    throw new NotSent(sent ? "lost" : "unavailable", error.message, { cause: error });
  }
}

function signed({ host, upstream, region, credential, timeoutMs }: QueueService, body: Buffer): OutgoingRequest {
  const target = "/";
  const { headers } = signRequest(
    {
      method: "POST",
      path: target,
      query: "",
      headers: [
        ["host", upstream.host],
        ["content-type", "application/x-amz-json-1.0"],
        ["x-amz-target", "AmazonSQS.SendMessage"],
      ],
    },
    body,
    { credential, region, service: "sqs", now: host.clock.now() },
  );
  return {
    method: "POST",
    target,
    host: upstream.host,
    fields: headers.filter(([name]) => name !== "host").flat(),
    body,
    connectTimeoutMs: timeoutMs,
    totalTimeoutMs: timeoutMs,
  };
}

/** Errors that say: later. */
const LATER = /Throttl|ServiceUnavailable|OverLimit|InternalFailure|InternalError/;
const TOO_LONG = /Message must be shorter than/;

function refusal(status: number, { __type, message, Message }: Readonly<Record<string, unknown>>): NotSent {
  const code = typeof __type === "string" ? __type.slice(__type.lastIndexOf("#") + 1, 200) : `status ${status}`;
  const told = [message, Message].find((one) => typeof one === "string") ?? "";
  const text = `${code}: ${String(told).slice(0, 500)}`;
  if (status === 429 || status >= 500 || LATER.test(code)) return new NotSent("unavailable", text);
  if (TOO_LONG.test(text)) return new NotSent("too-large", text);
  if (/InvalidMessageContents/.test(code)) return new NotSent("unwanted", text);
  return new NotSent("refused", text);
}
