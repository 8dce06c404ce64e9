/** `acl`: who may come in, by name and by group. */
import type { JsonObject } from "#foundation/gateway-artifact";
import { problem } from "../../problems.ts";
import type { Middleware, MiddlewarePlugin } from "../plugin.ts";

interface AclConfig {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly allow_consumers: readonly string[];
  readonly deny_consumers: readonly string[];
  readonly consumer_groups: Readonly<Record<string, readonly string[]>>;
  readonly message?: string;
  readonly hide_consumer_in_errors: boolean;
}

export const acl: MiddlewarePlugin = {
  name: "acl",
  setup(given: JsonObject): Middleware {
    const config = given as unknown as AclConfig;
    const [allow, deny] = [new Set(config.allow), new Set(config.deny)];
    const [allowed, denied] = [new Set(config.allow_consumers), new Set(config.deny_consumers)];
    const groupsOf = new Map(Object.entries(config.consumer_groups));
    const isRestricted = allow.size > 0 || allowed.size > 0;
    const detail = config.message ?? "Who you are may not do this.";
    const refused = (consumer?: string) =>
      problem("acl-denied", {
        detail,
        ...(consumer === undefined || config.hide_consumer_in_errors ? {} : { members: { consumer } }),
      });
    return {
      onRequest({ identity }) {
        // Nobody was verified: there is nobody to allow.
        if (identity === undefined) return refused();
        const { consumer } = identity;
        if (denied.has(consumer)) return refused(consumer);
        if (allowed.has(consumer)) return undefined;
        const groups = [...identity.groups, ...(groupsOf.get(consumer) ?? [])];
        if (groups.some((group) => deny.has(group))) return refused(consumer);
        return !isRestricted || groups.some((group) => allow.has(group)) ? undefined : refused(consumer);
      },
    };
  },
};
