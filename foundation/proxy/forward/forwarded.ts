/** What an upstream is told about the client: `X-Forwarded-*` and `Forwarded` (RFC 7239), each by a policy of its own. Pure. */

/**
 * What becomes of a field that tells of the client.
 *
 * - `append` our word behind what came, for a chain of proxies that trust each other
 * - `replace` our word alone: what a client says of itself is not passed on
 * - `preserve` what came, untouched, and nothing of ours
 * - `remove` nothing
 */
export type ForwardedMode = "append" | "replace" | "preserve" | "remove";

export interface ForwardedPolicy {
  /** `X-Forwarded-For`: addresses, the nearest last. */
  readonly for: ForwardedMode;
  /** `X-Forwarded-Proto`: `http` or `https`. `append` counts as `replace`: it is one word. */
  readonly proto: ForwardedMode;
  /** `X-Forwarded-Port`: the port the client came to. */
  readonly port: ForwardedMode;
  /** `X-Forwarded-Host`: the `Host` field as the client sent it. */
  readonly host: ForwardedMode;
  /** `Forwarded` with `for`, `proto` and `host`. */
  readonly forwarded: ForwardedMode;
}

/** For a proxy that clients talk to directly: nothing they say of themselves is believed. */
export const EDGE_POLICY: ForwardedPolicy = {
  for: "replace",
  proto: "replace",
  port: "replace",
  host: "replace",
  forwarded: "remove",
};

/** What is known about the client. */
export interface ForwardedClient {
  readonly remoteAddress: string;
  readonly secure: boolean;
  /** The port that the client came to; undefined when it is not known. */
  readonly port: number | undefined;
  readonly host: string;
}

/** Fields that this decides about, in lower case. They are not passed on with the others. */
export const FORWARDED_NAMES: ReadonlySet<string> = new Set([
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-port",
  "x-forwarded-host",
  "forwarded",
]);

/**
 * @param fields name, value, name, value …; what is to be said is added
 * @param received the value that came (several joined with `, `), or undefined
 */
export function forwardedFields(
  fields: string[],
  policy: ForwardedPolicy,
  client: ForwardedClient,
  received: (lowerName: string) => string | undefined,
): void {
  const address = plainAddress(client.remoteAddress);
  const proto = client.secure ? "https" : "http";
  const add = (name: string, mode: ForwardedMode, own: string | undefined, lowerName: string): void => {
    const value = fieldValue(mode, own, lowerName, received);
    if (value !== undefined) fields.push(name, value);
  };
  add("X-Forwarded-For", policy.for, address, "x-forwarded-for");
  add("X-Forwarded-Proto", single(policy.proto), proto, "x-forwarded-proto");
  add("X-Forwarded-Port", single(policy.port), client.port?.toString(), "x-forwarded-port");
  add("X-Forwarded-Host", single(policy.host), client.host || undefined, "x-forwarded-host");
  if (policy.forwarded === "remove") return;
  add("Forwarded", policy.forwarded, forwardedElement(address, proto, client.host), "forwarded");
}

function single(mode: ForwardedMode): ForwardedMode {
  return mode === "append" ? "replace" : mode;
}

function fieldValue(
  mode: ForwardedMode,
  own: string | undefined,
  lowerName: string,
  received: (lowerName: string) => string | undefined,
): string | undefined {
  switch (mode) {
    case "replace":
      return own;
    case "remove":
      return undefined;
    case "append":
    case "preserve": {
      const before = received(lowerName) || undefined;
      const ours = mode === "append" ? own : undefined;
      if (before === undefined || ours === undefined) return before ?? ours;
      return `${before}, ${ours}`;
    }
  }
}

/** RFC 7239 §4, §6: an IPv6 address stands in brackets, and what is no token in quotes. */
function forwardedElement(address: string, proto: string, host: string): string {
  const node = address.includes(":") ? `"[${address}]"` : address;
  return `for=${node};proto=${proto}${host === "" ? "" : `;host=${quoted(host)}`}`;
}

function quoted(text: string): string {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text) ? text : `"${text.replace(/[\\"]/g, "\\$&")}"`;
}

/** An IPv4 address that came over an IPv6 socket, as IPv4. */
function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}
