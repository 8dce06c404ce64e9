/** What a dispatcher has told about tokens: at once for an answer that is whole, at the end of a stream. */
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";
import type { Usage } from "../providers/provider.ts";

/** @returns undefined while nothing is known */
export function countedTokens({ context }: GatewayExchange): Usage | undefined {
  const prompt = context.get("ai.prompt_tokens");
  const completion = context.get("ai.completion_tokens");
  return prompt === undefined || completion === undefined
    ? undefined
    : { prompt: Number(prompt), completion: Number(completion) };
}
