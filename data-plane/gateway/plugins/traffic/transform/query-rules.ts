/** Rules about the query. What they do not name stays as it is written. */
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";
import { queryPairs } from "./query-pairs.ts";
import { compileTemplate } from "./template.ts";

export interface QueryRulesConfig {
  readonly add?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
  readonly rename?: Readonly<Record<string, string>>;
}

/** Reads all variables. @returns the new query of the one that there is then */
export type QueryRules = (exchange: GatewayExchange) => (query: string) => string;

export function queryRules(config: QueryRulesConfig = {}): QueryRules {
  const removed = new Set(config.remove);
  const renamed = new Map(Object.entries(config.rename ?? {}));
  const added = Object.entries(config.add ?? {}).map(([name, value]) => ({ name, template: compileTemplate(value) }));
  if (removed.size + renamed.size + added.length === 0) return () => (query) => query;
  const replaced = new Set(added.map(({ name }) => name));
  return (exchange) => {
    const values = added.map(({ template }) => template(exchange));
    return (query) => {
      const written: string[] = [];
      for (const pair of queryPairs(query)) {
        if (removed.has(pair.name)) continue;
        const name = renamed.get(pair.name) ?? pair.name;
        if (replaced.has(name)) continue;
        const equals = pair.written.indexOf("=");
        if (name === pair.name) written.push(pair.written);
        else written.push(encodeURIComponent(name) + (equals === -1 ? "" : pair.written.slice(equals)));
      }
      for (const [index, { name }] of added.entries()) {
        const value = values[index];
        if (value !== undefined) written.push(`${encodeURIComponent(name)}=${encoded(value)}`);
      }
      return written.join("&");
    };
  };
}

/** Half of a pair of surrogates, which a context may hold, has no encoding. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
