/** `basic-auth` (RFC 7617): user names and passwords that are known when the gateway starts. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { JsonObject } from "#foundation/gateway-artifact";
import type { Identity } from "../../message/gateway-exchange.ts";
import { problem } from "../../problems.ts";
import type { Middleware, MiddlewarePlugin } from "../plugin.ts";
import { type IdentityFieldsConfig, tellIdentity } from "./identity-fields.ts";

interface BasicConfig {
  readonly realm: string;
  readonly strip_credentials: boolean;
  readonly credentials: readonly {
    readonly username: string;
    readonly password: string;
    readonly roles: readonly string[];
  }[];
  readonly upstream_headers?: IdentityFieldsConfig;
}

interface KnownUser {
  readonly identity: Identity;
  /** Of the password; undefined when it is kept as a hash of its own, which takes long to check. */
  readonly digest: Buffer | undefined;
  readonly hash: string;
}

const HASHED = /^\$(argon2(id|i|d)|2[aby])\$/;
/** Checks of slow hashes that were passed, so that they are slow once. */
const VERIFIED_MAX = 10_000;

/** Slow checks at one time: each keeps a processor and much memory busy, and anybody can ask for one. */
const CHECKING_MAX = 32;

const digestOf = (text: string): Buffer => createHash("sha256").update(text).digest();

export const basicAuth: MiddlewarePlugin = {
  name: "basic-auth",
  setup(given: JsonObject): Middleware {
    const config = given as unknown as BasicConfig;
    const users = new Map<string, KnownUser>();
    for (const { username, password, roles } of config.credentials) {
      if (password === "") throw new Error(`the password of ${JSON.stringify(username)} is empty`);
      users.set(username, {
        identity: { consumer: username, by: "basic-auth", groups: roles, scopes: [], claims: {} },
        digest: HASHED.test(password) ? undefined : digestOf(password),
        hash: password,
      });
    }
    const challenge = ["WWW-Authenticate", `Basic realm="${config.realm.replace(/["\\]/g, "\\$&")}", charset="UTF-8"`];
    const refused = () =>
      problem("authentication-failed", { detail: "A user name and its password are needed.", headers: challenge });
    const verified = new Set<string>();
    let checking = 0;
    // So that unknown names take as long as known ones.
    const nobody: KnownUser = [...users.values()][0]!;
    const admit = (exchange: Parameters<NonNullable<Middleware["onRequest"]>>[0], user: KnownUser): undefined => {
      if (config.strip_credentials) exchange.request.headers.delete("authorization");
      exchange.identity = user.identity;
      tellIdentity(config.upstream_headers, user.identity, exchange.request.headers);
      return undefined;
    };
    return {
      onRequest(exchange) {
        const sent = credentialsIn(exchange.request.headers.all("authorization"));
        if (sent === undefined) return refused();
        const known = users.get(sent.username);
        const user = known ?? nobody;
        if (user.digest !== undefined) {
          const isRight = timingSafeEqual(user.digest, digestOf(sent.password));
          return isRight && known !== undefined ? admit(exchange, user) : refused();
        }
        const key = digestOf(`${sent.username}\n${sent.password}`).toString("base64");
        if (known !== undefined && verified.has(key)) return admit(exchange, user);
        if (checking >= CHECKING_MAX) return problem("authentication-unavailable", { headers: ["Retry-After", "1"] });
        checking++;
        return Bun.password
          .verify(sent.password, user.hash)
          .finally(() => checking--)
          .then((isRight) => {
            if (!isRight || known === undefined) return refused();
            if (verified.size >= VERIFIED_MAX) verified.clear();
            verified.add(key);
            return admit(exchange, user);
          });
      },
    };
  },
};

/** @returns undefined for none, several, and what is not well formed */
function credentialsIn(
  fields: readonly string[],
): { readonly username: string; readonly password: string } | undefined {
  const match = fields.length === 1 ? /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(fields[0]!) : null;
  if (match === null) return undefined;
  const text = Buffer.from(match[1]!, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon === -1 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
