/** Rules about fields, of a request or of a response. */
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";
import type { HeaderFields } from "../../../message/header-fields.ts";
import { fieldOfText } from "./field-text.ts";
import { compileTemplate, type Template } from "./template.ts";

export interface HeaderRulesConfig {
  readonly add?: Readonly<Record<string, string>>;
  readonly set?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
  readonly rename?: Readonly<Record<string, string>>;
}

export interface HeaderRules {
  /** Reads all variables. @returns what is to be done then */
  prepare(exchange: GatewayExchange): (headers: HeaderFields) => void;
}

const NOTHING = (): void => {};

export function headerRules(config: HeaderRulesConfig = {}): HeaderRules {
  const removed = new Set(config.remove?.map((name) => name.toLowerCase()));
  const renamed = Object.entries(config.rename ?? {}).map(([from, to]) => [from.toLowerCase(), to] as const);
  const added = templates(config.add);
  const set = templates(config.set);
  if (removed.size + renamed.length + added.length + set.length === 0) return { prepare: () => NOTHING };
  return {
    prepare(exchange) {
      const addedValues = added.map(({ template }) => template(exchange));
      const setValues = set.map(({ template }) => template(exchange));
      return (headers) => {
        if (removed.size > 0) headers.deleteWhere((name) => removed.has(name));
        for (const [from, to] of renamed) rename(headers, from, to);
        for (const [index, { name, lower }] of added.entries()) {
          const value = addedValues[index];
          // Also when there is no value: a client's own must not pass for it.
          if (value === undefined) headers.delete(lower);
          else headers.set(name, fieldOfText(value));
        }
        for (const [index, { name, lower }] of set.entries()) {
          const value = setValues[index];
          if (value !== undefined && !headers.has(lower)) headers.append(name, fieldOfText(value));
        }
      };
    },
  };
}

interface NamedTemplate {
  readonly name: string;
  readonly lower: string;
  readonly template: Template;
}

function templates(values: Readonly<Record<string, string>> = {}): readonly NamedTemplate[] {
  return Object.entries(values).map(([name, value]) => ({
    name,
    lower: name.toLowerCase(),
    template: compileTemplate(value),
  }));
}

/** What has the new name already goes. */
function rename(headers: HeaderFields, from: string, to: string): void {
  const values = headers.all(from);
  if (values.length === 0) return;
  headers.delete(from);
  headers.delete(to.toLowerCase());
  for (const value of values) headers.append(to, value);
}
