/** `bot-detection`: refuses clients by what they call themselves. Who lies is not found out by it. */
import { agentPattern, type JsonObject } from "#foundation/gateway-artifact";
import { problem } from "../../problems.ts";
import type { Middleware, MiddlewarePlugin } from "../plugin.ts";

interface BotConfig {
  readonly deny: readonly string[];
  readonly allow: readonly string[];
  readonly block_empty_ua: boolean;
  readonly message?: string;
  readonly status: number;
}

/** What was said of clients before: there are few, and patterns are many. */
const KNOWN_MAX = 1000;
/** Longer ones are matched each time. */
const KNOWN_LENGTH_MAX = 512;

export const botDetection: MiddlewarePlugin = {
  name: "bot-detection",
  setup(given: JsonObject): Middleware {
    const { deny, allow, block_empty_ua, message, status } = given as unknown as BotConfig;
    const [denied, allowed] = [deny.map(agentPattern), allow.map(agentPattern)];
    const known = new Map<string, boolean>();
    const isUnwanted = (agent: string): boolean => {
      if (agent.trim() === "") return block_empty_ua;
      const before = known.get(agent);
      if (before !== undefined) return before;
      const text = agent.toLowerCase();
      const verdict = denied.some((one) => one.test(text)) && !allowed.some((one) => one.test(text));
      if (agent.length <= KNOWN_LENGTH_MAX) {
        if (known.size >= KNOWN_MAX) known.clear();
        known.set(agent, verdict);
      }
      return verdict;
    };
    return {
      onRequest({ request }) {
        if (!isUnwanted(request.headers.get("user-agent") ?? "")) return undefined;
        return problem("bot-detected", { status, detail: message ?? "Requests of this client are not taken." });
      },
    };
  },
};
