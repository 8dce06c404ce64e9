/** Clients are sent to another address. */
import type { Answer } from "../../message/answer.ts";
import { HeaderFields } from "../../message/header-fields.ts";
import type { Middleware, MiddlewarePlugin } from "../plugin.ts";

interface RedirectConfig {
  readonly status_code: number;
  readonly preserve_query: boolean;
  readonly rules: readonly RedirectRule[];
}

interface RedirectRule {
  readonly path?: string;
  readonly prefix?: string;
  readonly target: string;
  readonly status_code?: number;
}

export const REDIRECT: MiddlewarePlugin = {
  name: "redirect",
  setup: (config) => redirect(config as unknown as RedirectConfig),
};

function redirect(config: RedirectConfig): Middleware {
  return {
    onRequest({ request: { path, query } }): Answer | undefined {
      for (const rule of config.rules) {
        const rest = restOf(path, rule);
        if (rest === undefined) continue;
        const location = locationOf(rule.target, rest, config.preserve_query ? query : "");
        return {
          status: rule.status_code ?? config.status_code,
          headers: HeaderFields.of(["Location", location]),
          body: null,
        };
      }
      return undefined;
    },
  };
}

/** What follows the part that the rule names; undefined when the rule does not fit. A prefix is whole segments: `/old` is none of `/older`. */
function restOf(path: string, rule: RedirectRule): string | undefined {
  if (rule.path !== undefined) return path === rule.path ? "" : undefined;
  const { prefix } = rule;
  if (prefix === undefined) return "";
  if (!path.startsWith(prefix)) return undefined;
  const rest = path.slice(prefix.length);
  return rest === "" || prefix.endsWith("/") || rest.startsWith("/") ? rest : undefined;
}

function locationOf(target: string, rest: string, query: string): string {
  const [, base = "", ownQuery = "", fragment = ""] = /^([^?#]*)(\?[^#]*)?(#.*)?$/.exec(target)!;
  // `/old//evil.test` would become `//evil.test`, which is an address on another host; browsers take a backslash for a slash.
  const segments = rest.replace(/^[/\\]+/, "");
  const isJoined = rest !== "" && !base.endsWith("/") && (segments !== "" || rest.startsWith("/"));
  const path = `${base}${isJoined ? "/" : ""}${segments}`;
  const separator = query === "" ? "" : ownQuery === "" ? "?" : ownQuery === "?" || ownQuery.endsWith("&") ? "" : "&";
  return `${path}${ownQuery}${separator}${query}${fragment}`;
}
