/** Telling an upstream who somebody is, where a configuration says so. */
import type { Identity } from "../../message/gateway-exchange.ts";
import type { HeaderFields } from "../../message/header-fields.ts";

/** Names of fields; what has none is not told. */
export interface IdentityFieldsConfig {
  readonly consumer?: string;
  readonly groups?: string;
  readonly scopes?: string;
  readonly claims?: string;
}

/** Whatever a client has sent under these names is taken off, also when there is nothing to put in its place. */
export function tellIdentity(
  config: IdentityFieldsConfig | undefined,
  identity: Identity,
  headers: HeaderFields,
): void {
  if (config === undefined) return;
  const put = (name: string | undefined, value: string): void => {
    if (name === undefined) return;
    headers.delete(name.toLowerCase());
    if (value !== "") headers.append(name, safeValue(value));
  };
  put(config.consumer, identity.consumer);
  put(config.groups, identity.groups.join(","));
  put(config.scopes, identity.scopes.join(" "));
  if (config.claims === undefined) return;
  // JSON of ASCII alone: fields hold nothing else safely.
  const claims = JSON.stringify(identity.claims);
  put(config.claims, claims === "{}" ? "" : claims);
}

/** Characters that no field may hold, or that not everybody reads alike, as JSON escapes them. */
function safeValue(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
