/** Requests without an SDK, in both protocols: what no client would send, and answers as they are on the wire. */
import { type Credential, signRequest } from "#foundation/aws/sigv4";
import { systemClock } from "#foundation/runtime";

export interface RawAnswer {
  readonly status: number;
  /** `x-amzn-query-error` of JSON answers. */
  readonly queryError: string | undefined;
  readonly text: string;
  /** The JSON document; undefined for XML. */
  readonly json: Record<string, unknown> | undefined;
  /** `<Code>` of XML, `__type` of JSON. */
  readonly code: string | undefined;
  readonly message: string | undefined;
}

export interface RawClient {
  /** @param body an object, or a text that may be no JSON at all */
  json(operation: string, body: object | string, options?: { readonly region?: string }): Promise<RawAnswer>;
  query(parameters: Readonly<Record<string, string>>, path?: string): Promise<RawAnswer>;
}

/** @param credential undefined for anonymous requests */
export function rawClient(url: string, credential: Credential | undefined): RawClient {
  const { host } = new URL(url);
  const send = async (
    path: string,
    body: string,
    headers: readonly (readonly [string, string])[],
    region = "us-east-1",
  ): Promise<RawAnswer> => {
    const plain: readonly (readonly [string, string])[] = [["host", host], ...headers];
    const bytes = Buffer.from(body);
    const signed =
      credential === undefined
        ? plain
        : signRequest({ method: "POST", path, query: "", headers: plain }, bytes, {
            credential,
            region,
            service: "sqs",
            now: systemClock.now(),
          }).headers;
    const response = await fetch(url + path, {
      method: "POST",
      headers: signed.map(([name, value]): [string, string] => [name, value]),
      body: bytes,
    });
    return answerOf(response, await response.text());
  };
  return {
    json(operation, body, options) {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      return send(
        "/",
        text,
        [
          ["content-type", "application/x-amz-json-1.0"],
          ["x-amz-target", `AmazonSQS.${operation}`],
        ],
        options?.region,
      );
    },
    query(parameters, path = "/") {
      const form = new URLSearchParams({ Version: "2012-11-05", ...parameters }).toString();
      return send(path, form, [["content-type", "application/x-www-form-urlencoded"]]);
    },
  };
}

function answerOf(response: Response, text: string): RawAnswer {
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  const json = isJson && text !== "" ? (JSON.parse(text) as Record<string, unknown>) : undefined;
  const message = json?.message ?? json?.Message;
  return {
    status: response.status,
    queryError: response.headers.get("x-amzn-query-error") ?? undefined,
    text,
    json,
    code: json === undefined ? between(text, "Code") : (json.__type as string | undefined),
    message: json === undefined ? between(text, "Message") : (message as string | undefined),
  };
}

function between(xml: string, element: string): string | undefined {
  return new RegExp(`<${element}>([^<]*)</${element}>`)
    .exec(xml)?.[1]
    ?.replaceAll("&apos;", "'")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&gt;", ">")
    .replaceAll("&lt;", "<")
    .replaceAll("&amp;", "&");
}
