/** `s3`: objects of a store, read and written with a key that clients never see. */
import { type Credential, signRequest } from "#foundation/aws/sigv4";
import type { JsonObject } from "#foundation/gateway-artifact";
import { MessageBody, type OutgoingRequest } from "#foundation/http1";
import type { Answer } from "../../../message/answer.ts";
import type { GatewayExchange, GatewayRequest } from "../../../message/gateway-exchange.ts";
import { problem } from "../../../problems.ts";
import type { Dispatcher, DispatcherPlugin, PluginHost } from "../../plugin.ts";
import { bodyOf } from "../upstream/request-body.ts";
import { sendOnce } from "../upstream/send-once.ts";
import { isBucket, isKey, type ObjectPlace, objectPlaces } from "./object-place.ts";

interface S3Config {
  readonly access_key_id: string;
  readonly secret_access_key: string;
  readonly session_token?: string;
  readonly region: string;
  readonly endpoint?: string;
  readonly force_path_style: boolean;
  readonly bucket?: string;
  readonly bucket_param: string;
  readonly key_param: string;
  readonly fallback_key?: string;
  readonly timeout: number;
}

const METHODS = new Set(["GET", "HEAD", "PUT", "DELETE"]);
/** What is said about an object. Everything else is between the client and the gateway, its credentials above all; so is the query, which could ask for another operation. */
const PASSED_ON =
  /^(?:if-.+|range|content-(?:type|md5|encoding|disposition|language)|cache-control|expires|x-amz-meta-.+)$/;
const UNSIGNED = "UNSIGNED-PAYLOAD";

export const s3: DispatcherPlugin = {
  name: "s3",
  setup(config: JsonObject, host: PluginHost): Dispatcher {
    const store = new Store(config as unknown as S3Config, host);
    return { dispatch: (exchange) => store.dispatch(exchange) };
  },
};

class Store implements Dispatcher {
  readonly #config: S3Config;
  readonly #host: PluginHost;
  readonly #placeOf: (bucket: string, key: string) => ObjectPlace;
  readonly #credential: Credential;

  constructor(config: S3Config, host: PluginHost) {
    const { endpoint, region, access_key_id: accessKeyId, secret_access_key: secretAccessKey, session_token } = config;
    this.#config = config;
    this.#host = host;
    this.#placeOf = objectPlaces(endpoint ?? `https://s3.${region}.amazonaws.com`, config.force_path_style);
    this.#credential = {
      accessKeyId,
      secretAccessKey,
      ...(session_token === undefined ? {} : { sessionToken: session_token }),
    };
  }

  dispatch(exchange: GatewayExchange): Answer | Promise<Answer> {
    const { request } = exchange;
    if (!METHODS.has(request.method)) {
      return problem("method-not-allowed", { headers: ["Allow", [...METHODS].join(", ")] });
    }
    const { bucket = parameter(request, this.#config.bucket_param), fallback_key } = this.#config;
    const key = parameter(request, this.#config.key_param);
    if (!isBucket(bucket)) return problem("not-found");
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (key === "" && isRead && fallback_key !== undefined) return this.#send(exchange, bucket, fallback_key);
    if (!isKey(key)) return problem("bad-request", { detail: "This is no key of an object." });
    if (request.method === "PUT" && request.body.length === undefined) {
      return problem("bad-request", { status: 411, detail: "The length of an object has to be said before it." });
    }
    const answer = this.#send(exchange, bucket, key);
    return isRead && fallback_key !== undefined ? this.#orElse(answer, exchange, bucket, fallback_key) : answer;
  }

  /** What is not there is asked for by another name: the one case in which a request leads to two. */
  async #orElse(first: Promise<Answer>, exchange: GatewayExchange, bucket: string, key: string): Promise<Answer> {
    const answer = await first;
    if (answer.status !== 404) return answer;
    if (answer.body instanceof MessageBody) answer.body.drop();
    return this.#send(exchange, bucket, key);
  }

  #send(exchange: GatewayExchange, bucket: string, key: string): Promise<Answer> {
    const place = this.#placeOf(bucket, key);
    return sendOnce(exchange, this.#host.pool, place.upstream, this.#signed(exchange, place));
  }

  #signed({ request }: GatewayExchange, { upstream, path }: ObjectPlace): OutgoingRequest {
    const { method, body } = request;
    const { bytes, stream, length } = body;
    const headers: (readonly [string, string])[] = [["host", upstream.host]];
    for (const [name, value] of request.headers) {
      if (PASSED_ON.test(name.toLowerCase())) headers.push([name, value]);
    }
    const signed = signRequest({ method, path, query: "", headers }, stream === undefined ? bytes! : UNSIGNED, {
      credential: this.#credential,
      region: this.#config.region,
      service: "s3",
      now: this.#host.clock.now(),
    });
    return {
      method,
      target: path,
      host: upstream.host,
      fields: signed.headers.filter(([name]) => name !== "host").flat(),
      ...(stream === undefined ? { body: bodyOf(method, bytes) } : { stream: { length } }),
      responseTimeoutMs: this.#config.timeout * 1000,
    };
  }
}

function parameter({ pathParameters }: GatewayRequest, name: string): string {
  return Object.hasOwn(pathParameters, name) ? pathParameters[name]! : "";
}
