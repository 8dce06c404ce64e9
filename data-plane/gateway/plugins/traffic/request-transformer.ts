/** Requests are changed on their way upstream. All variables are read before anything is changed. */
import { problem } from "../../problems.ts";
import type { Middleware, MiddlewarePlugin } from "../plugin.ts";
import { type BodyRulesConfig, bodyRules, forgetDigests, isEncoded, isJson } from "./transform/body-rules.ts";
import { type HeaderRulesConfig, headerRules } from "./transform/header-rules.ts";
import { type PathRulesConfig, pathRules } from "./transform/path-rules.ts";
import { type QueryRulesConfig, queryRules } from "./transform/query-rules.ts";

interface RequestTransformerConfig {
  readonly headers?: HeaderRulesConfig;
  readonly querystring?: QueryRulesConfig;
  readonly path?: PathRulesConfig;
  readonly body?: BodyRulesConfig;
}

export const REQUEST_TRANSFORMER: MiddlewarePlugin = {
  name: "request-transformer",
  setup: (config) => requestTransformer(config as unknown as RequestTransformerConfig),
};

function requestTransformer(config: RequestTransformerConfig): Middleware {
  const headers = headerRules(config.headers);
  const query = queryRules(config.querystring);
  const path = pathRules(config.path);
  const body = bodyRules(config.body);
  return {
    readsRequestBody: body !== undefined,
    onRequest(exchange) {
      const { request } = exchange;
      const changeHeaders = headers.prepare(exchange);
      const changeQuery = query(exchange);
      const bytes = request.body.bytes;
      if (body !== undefined && bytes !== undefined && bytes.length > 0 && isJson(request.headers)) {
        // What cannot be changed does not pass: the rules may be there to keep something out.
        if (isEncoded(request.headers)) return problem("unsupported-media-type", { detail: "The body is encoded." });
        const changed = body(exchange)(bytes);
        if (changed === undefined) return problem("bad-request", { detail: "The body is no JSON." });
        request.body.replace(changed);
        forgetDigests(request.headers);
      }
      request.path = path(request.path);
      request.query = changeQuery(request.query);
      changeHeaders(request.headers);
      return undefined;
    },
  };
}
