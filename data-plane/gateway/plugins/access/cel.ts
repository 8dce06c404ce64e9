/** `cel`: rules as expressions (Common Expression Language) over the head of a request and who it is from. */
import { CelError, type CelValue, compileCel } from "#foundation/cel";
import { CEL_VARIABLES, type CelVariable, type JsonObject } from "#foundation/gateway-artifact";
import type { GatewayExchange } from "../../message/gateway-exchange.ts";
import { problem } from "../../problems.ts";
import type { Middleware, MiddlewarePlugin } from "../plugin.ts";

interface CelConfig {
  readonly expression: string;
  readonly deny_message?: string;
  readonly on_match?: {
    readonly set_context?: Readonly<Record<string, string>>;
    readonly deny?: { readonly status: number; readonly code: string; readonly message?: string };
  };
}

/** Values by the names that expressions know them by; each is made only for expressions that use it. */
const VARIABLES: Readonly<Record<CelVariable, (exchange: GatewayExchange) => unknown>> = {
  "request.method": ({ request }) => request.method,
  "request.path": ({ request }) => request.path,
  "request.query": ({ request }) => request.query,
  "request.client_ip": ({ request }) => request.clientAddress,
  "request.headers": ({ request }) => {
    const headers: Record<string, string> = {};
    for (const [name, value] of request.headers) {
      const lower = name.toLowerCase();
      headers[lower] = Object.hasOwn(headers, lower) ? `${headers[lower]}, ${value}` : value;
    }
    return headers;
  },
  "request.path_params": ({ request }) => ({ ...request.pathParameters }),
  "request.consumer": ({ identity }) => identity?.consumer ?? "",
  "request.groups": ({ identity }) => [...(identity?.groups ?? [])],
  "request.scopes": ({ identity }) => [...(identity?.scopes ?? [])],
  "request.claims": ({ identity }) => ({ ...identity?.claims }),
};

export const cel: MiddlewarePlugin = {
  name: "cel",
  setup(given: JsonObject, { log }): Middleware {
    const { expression, deny_message, on_match } = given as unknown as CelConfig;
    const program = compileCel(expression, { variables: CEL_VARIABLES });
    const refused = () => problem("cel-denied", { detail: deny_message ?? "A rule does not allow this." });
    return {
      onRequest(exchange) {
        let matches: boolean;
        try {
          const variables: Record<string, CelValue> = {};
          for (const name of program.uses) variables[name] = VARIABLES[name as CelVariable](exchange) as CelValue;
          const value = program.evaluate(variables);
          if (typeof value !== "boolean") throw new CelError("the expression gives no boolean");
          matches = value;
        } catch (error) {
          if (!(error instanceof CelError)) throw error;
          // A rule that cannot be decided lets nobody in.
          log.debug("a rule cannot be evaluated", { expression, reason: error.message });
          return refused();
        }
        if (on_match === undefined) return matches ? undefined : refused();
        if (!matches) return undefined;
        const { deny, set_context } = on_match;
        if (deny !== undefined) {
          const { status, code, message } = deny;
          return problem("cel-denied", {
            status,
            detail: message ?? "A rule does not allow this.",
            members: { reason: code },
          });
        }
        for (const [name, value] of Object.entries(set_context ?? {})) exchange.context.set(name, value);
        return undefined;
      },
    };
  },
};
