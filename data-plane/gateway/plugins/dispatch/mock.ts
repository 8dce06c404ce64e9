/** `mock`: an answer that is written down in the description. */
import type { JsonObject } from "#foundation/gateway-artifact";
import type { GatewayExchange } from "../../message/gateway-exchange.ts";
import { HeaderFields } from "../../message/header-fields.ts";
import type { Dispatcher, DispatcherPlugin } from "../plugin.ts";

interface MockConfig {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly content_type: string;
}

const PLACEHOLDER = /\{\{\s*(request\.(?:method|path|query|client_ip)|(?:headers|path_params)\.([^}\s]+))\s*\}\}/g;

export const mock: DispatcherPlugin = {
  name: "mock",
  setup(config: JsonObject): Dispatcher {
    const { status, body, headers, content_type } = config as unknown as MockConfig;
    const hasPlaceholders = body.search(PLACEHOLDER) !== -1;
    const bytes = Buffer.from(body);
    const fields = Object.entries(headers).flat();
    const hasNone = status === 204 || status === 304;
    return {
      dispatch: (exchange) => ({
        status,
        headers: HeaderFields.of(hasNone || body === "" ? [...fields] : ["Content-Type", content_type, ...fields]),
        body: hasNone ? null : hasPlaceholders ? Buffer.from(filled(body, exchange)) : bytes,
      }),
    };
  },
};

/** What stands for a text is put into texts of JSON as it has to be written there; anything else would let a caller write the answer. */
function filled(body: string, { request }: GatewayExchange): string {
  return body.replace(PLACEHOLDER, (_, what: string, name: string | undefined) => {
    const value = placeholderValue(what, name, request);
    return JSON.stringify(value).slice(1, -1);
  });
}

function placeholderValue(what: string, name: string | undefined, request: GatewayExchange["request"]): string {
  if (name !== undefined) {
    if (what.startsWith("headers.")) return request.headers.get(name.toLowerCase()) ?? "";
    return Object.hasOwn(request.pathParameters, name) ? request.pathParameters[name]! : "";
  }
  switch (what) {
    case "request.method":
      return request.method;
    case "request.path":
      return request.path;
    case "request.query":
      return request.query;
    default:
      return request.clientAddress;
  }
}
