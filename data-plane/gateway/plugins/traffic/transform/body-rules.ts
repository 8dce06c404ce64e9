/** Rules about bodies of JSON. */
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";
import type { HeaderFields } from "../../../message/header-fields.ts";
import { isContainer, parseExactly } from "./exact-json.ts";
import { parsePointer, putAt, removeAt } from "./json-pointer.ts";
import { compileTemplate } from "./template.ts";

export interface BodyRulesConfig {
  readonly add?: Readonly<Record<string, unknown>>;
  readonly remove?: readonly string[];
  readonly rename?: Readonly<Record<string, string>>;
}

/** Reads all variables. @returns what makes the new body of the old one; undefined when that is no JSON */
export type BodyRules = (exchange: GatewayExchange) => (body: Uint8Array) => Uint8Array | undefined;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** @returns undefined when there are no rules */
export function bodyRules(config: BodyRulesConfig = {}): BodyRules | undefined {
  const removed = (config.remove ?? []).map(parsePointer);
  const renamed = Object.entries(config.rename ?? {}).map(
    ([from, to]) => [parsePointer(from), parsePointer(to)] as const,
  );
  const added = Object.entries(config.add ?? {}).map(([pointer, value]) => ({
    place: parsePointer(pointer),
    value: typeof value === "string" ? compileTemplate(value) : () => structuredClone(value),
  }));
  if (removed.length + renamed.length + added.length === 0) return undefined;
  return (exchange) => {
    const values = added.map(({ value }) => value(exchange));
    return (body) => {
      let root: unknown;
      try {
        root = parseExactly(decoder.decode(body));
      } catch (error) {
        if (error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError) return undefined;
        throw error;
      }
      if (!isContainer(root)) return body;
      for (const place of removed) removeAt(root, place);
      for (const [from, to] of renamed) {
        const value = removeAt(root, from);
        if (value !== undefined) putAt(root, to, value);
      }
      for (const [index, { place }] of added.entries()) {
        // Nobody's own may pass for a value that is not there.
        if (values[index] === undefined) removeAt(root, place);
        else putAt(root, place, values[index]);
      }
      return Buffer.from(JSON.stringify(root));
    };
  };
}

/** RFC 8259 and RFC 6839 §3.1. */
export function isJson(headers: HeaderFields): boolean {
  const type = /^[^;\s]+/.exec(headers.get("content-type") ?? "")?.[0].toLowerCase();
  return type !== undefined && (type === "application/json" || /^[^/]+\/[^/]+\+json$/.test(type));
}

/** Whether the octets are not the text itself. */
export function isEncoded(headers: HeaderFields): boolean {
  const coding = headers.get("content-encoding")?.trim().toLowerCase();
  return coding !== undefined && coding !== "" && coding !== "identity";
}

/** Fields about octets that are others now. */
export function forgetDigests(headers: HeaderFields): void {
  headers.deleteWhere((name) => DIGESTS.has(name));
}

const DIGESTS = new Set(["content-md5", "digest", "content-digest", "repr-digest", "accept-ranges"]);
