import { isIP } from "node:net";
import type { JsonValue } from "../../plan.ts";
import type { ConfigProblem, MiddlewareDeclaration } from "../../plugin-declaration.ts";

const CIDRS = {
  type: "array",
  items: { type: "string", description: "An address or a CIDR: 192.0.2.0/24, 2001:db8::/32" },
  default: [],
} as const;

export const IP_RESTRICTION: MiddlewareDeclaration = {
  name: "ip-restriction",
  kind: "middleware",
  phase: "admission",
  summary: "Lets in by the address of the client",
  config: {
    type: "object",
    additionalProperties: false,
    properties: {
      allow: CIDRS,
      deny: CIDRS,
      trusted_proxies: {
        ...CIDRS,
        description: "Whose X-Forwarded-For is believed, besides those that the gateway trusts.",
      },
      message: { type: "string" },
      status: { type: "integer", minimum: 400, maximum: 499, default: 403 },
    },
  },
  check: ({ allow = [], deny = [], trusted_proxies = [] }) => [
    ...cidrProblems(allow, "/allow"),
    ...cidrProblems(deny, "/deny"),
    ...cidrProblems(trusted_proxies, "/trusted_proxies"),
  ],
};

function cidrProblems(cidrs: JsonValue, pointer: string): readonly ConfigProblem[] {
  if (!Array.isArray(cidrs)) return [];
  return cidrs.flatMap((one: JsonValue, index) => {
    const [address = "", prefix, ...more] = String(one).split("/");
    const version = isIP(address);
    const most = version === 6 ? 128 : 32;
    const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= most);
    if (version !== 0 && isPrefix && more.length === 0) return [];
    return [{ pointer: `${pointer}/${index}`, message: `${JSON.stringify(one)} is no address and no CIDR.` }];
  });
}
