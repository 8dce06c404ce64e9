/** An exchange's way through one middleware, for tests. */
import type { JsonObject } from "#foundation/gateway-artifact";
import { PLUGIN_DECLARATIONS } from "#foundation/gateway-artifact";
import type { Answer } from "../../../message/answer.ts";
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";
import { HeaderFields } from "../../../message/header-fields.ts";
import { configProblems, testHost } from "../../../testing/index.ts";
import type { Middleware, PluginHost } from "../../plugin.ts";
import { TRAFFIC_PLUGINS } from "../index.ts";

/**
 * A configuration as the compiler leaves it: checked, with its defaults filled in (of the top level).
 * @throws Error when it is not valid
 */
export function compiledConfig(name: string, config: JsonObject): JsonObject {
  const problems = configProblems(name, config);
  if (problems.length > 0) throw new Error(problems.join("; "));
  const properties = PLUGIN_DECLARATIONS.get(name)!.config.properties as Readonly<Record<string, JsonObject>>;
  const defaults = Object.entries(properties).flatMap(([key, schema]) =>
    schema.default === undefined ? [] : [[key, schema.default] as const],
  );
  return { ...Object.fromEntries(defaults), ...config };
}

/** Set up as the gateway does. @throws Error when the configuration is not valid */
export async function middlewareOf(
  name: string,
  config: JsonObject,
  host: PluginHost = testHost(),
): Promise<Middleware> {
  const program = TRAFFIC_PLUGINS.find((one) => one.name === name);
  if (program === undefined) throw new Error(`there is no program ${name}`);
  return program.setup(compiledConfig(name, config), host);
}

/** An answer of an upstream. */
export function upstreamAnswer(
  body: string | null = "from upstream",
  headers: Readonly<Record<string, string>> = {},
  status = 200,
): Answer {
  return {
    status,
    headers: HeaderFields.of(Object.entries(headers).flat()),
    body: body === null ? null : Buffer.from(body),
  };
}

/**
 * @param upstream called when the middleware lets the request go on
 * @returns what is answered in the end
 */
export async function through(
  middleware: Middleware,
  exchange: GatewayExchange,
  upstream: () => Answer = upstreamAnswer,
): Promise<Answer> {
  const answer = (await middleware.onRequest?.(exchange)) ?? upstream();
  await middleware.onResponse?.(exchange, answer);
  return answer;
}
