/** `nats`: a request is a message, published to NATS and answered when a server, or a stream, has taken it. */
import { createHash } from "node:crypto";
import type { JsonObject } from "#foundation/gateway-artifact";
import {
  createNatsClient,
  isSubject,
  type NatsClient,
  NatsRefused,
  NatsUnavailable,
  NatsUncertain,
  parseNatsAddress,
} from "#foundation/nats";
import type { Answer } from "../../../message/answer.ts";
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";
import { problem } from "../../../problems.ts";
import type { Dispatcher, DispatcherPlugin, PluginHost } from "../../plugin.ts";
import { type TlsConfig, tlsOf } from "../upstream/upstream-config.ts";
import { type AckResponse, acknowledging } from "./acknowledgement.ts";
import { Publishing, type Unconfirmed } from "./publishing.ts";
import { headersOf, type TextOf, textOf } from "./request-texts.ts";

interface NatsConfig {
  readonly url?: string;
  readonly urls?: readonly string[];
  readonly subject: string;
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
  readonly nkey_seed?: string;
  readonly tls?: TlsConfig;
  readonly jetstream?: { readonly stream?: string; readonly message_id?: string };
  readonly headers_from_request: readonly string[];
  readonly ack_response: AckResponse;
  readonly include_metadata: boolean;
  readonly timeout: number;
  readonly max_in_flight: number;
}

export const nats: DispatcherPlugin = {
  name: "nats",
  setup(config: JsonObject, host: PluginHost): Dispatcher {
    const { subject, jetstream, headers_from_request, ack_response, include_metadata } =
      config as unknown as NatsConfig;
    const { client, publishing } = keptClient(config as unknown as NatsConfig, host);
    const subjectOf = subjectFrom(subject);
    const fieldsOf = headersOf(headers_from_request);
    const idOf = jetstream?.message_id === undefined ? undefined : textOf(jetstream.message_id);
    const acknowledge = acknowledging(ack_response, include_metadata);
    return {
      readsRequestBody: true,
      dispatch(exchange): Answer | Promise<Answer> {
        const to = subjectOf(exchange);
        if (to === undefined) return problem("bad-request", { detail: "No subject can be made of the path." });
        const headers = fieldsOf(exchange);
        if (jetstream?.stream !== undefined) headers.push(["Nats-Expected-Stream", jetstream.stream]);
        const id = idOf?.(exchange);
        if (id !== undefined) {
          if (!isId(id)) return problem("bad-request", { detail: "No id of a message can be made of the request." });
          headers.push(["Nats-Msg-Id", id]);
        }
        const payload = exchange.request.body.bytes ?? Buffer.alloc(0);
        const publish = async (): Promise<JsonObject> => {
          const ack = await client.publish({ subject: to, headers, payload });
          if (ack === undefined) return { subject: to };
          return { subject: to, stream: ack.stream, sequence: ack.sequence, duplicate: ack.isDuplicate };
        };
        return publishing.run(payload.length, publish, whyOf, acknowledge);
      },
    };
  },
};

/** A parameter is one token, or a part of one: it must not lead to another branch of subjects. */
function subjectFrom(template: string): TextOf {
  const make = textOf(template);
  const dots = template.split(".").length;
  return (exchange: GatewayExchange) => {
    const subject = make(exchange);
    return subject !== undefined && isSubject(subject) && subject.split(".").length === dots ? subject : undefined;
  };
}

/** What stands in one line. */
const isId = (text: string): boolean => text !== "" && text.length <= 256 && !/[\r\n]/.test(text);

/** Operations that go to the same servers as the same user share a connection, and another artifact takes it over. */
function keptClient(config: NatsConfig, host: PluginHost): { client: NatsClient; publishing: Publishing } {
  const { url, urls = [url!], username, password, token, nkey_seed, tls, jetstream, timeout, max_in_flight } = config;
  const isStreamed = jetstream !== undefined;
  const parts = [urls, username, password, token, nkey_seed, tls, isStreamed, timeout, max_in_flight];
  const key = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  return host.keep("nats", key, () => {
    const { clock, timers, random, log } = host;
    const client = createNatsClient({
      servers: urls.map(parseNatsAddress),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(token === undefined ? {} : { token }),
      ...(nkey_seed === undefined ? {} : { nkeySeed: nkey_seed }),
      tls: tlsOf(tls),
      jetStream: isStreamed,
      timeoutMs: timeout * 1000,
      waitingMax: max_in_flight,
      clock,
      timers,
      random,
      onTrouble: (reason) => log.debug("the connection to a NATS server was lost", { reason }),
    });
    return { client, publishing: new Publishing("nats", max_in_flight, host), close: () => client.close() };
  });
}

function whyOf(error: unknown): Unconfirmed {
  if (error instanceof NatsUnavailable) return "unavailable";
  if (error instanceof NatsUncertain) return error.isLate ? "late" : "lost";
  if (error instanceof NatsRefused) return error.isTooLarge ? "too-large" : "refused";
  throw error;
}
