/** The store that several gateways ask (Redis, Valkey): how plugins get at it, and what is told when it is away. */
import { createHash } from "node:crypto";
import {
  createRespClient,
  parseRespAddress,
  type RespClient,
  type RespClientOptions,
  type RespCommand,
  RespRefused,
  type RespReply,
} from "#foundation/resp";
import { rareWarning } from "../access/rare-warning.ts";
import type { PluginHost } from "../plugin.ts";

/** As the declarations' `store`. */
export interface StoreConfig {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly ca?: string;
  /** Seconds. */
  readonly timeout?: number;
  readonly prefix?: string;
}

export interface SharedStore {
  readonly client: RespClient;
  /** Before every name there. */
  readonly prefix: string;
  /** It has not decided something. Counts, and warns once in a while. */
  readonly onAway: (error: unknown) => void;
}

const SECOND = 1000;
const DEFAULT_TIMEOUT_S = 0.5;
const DEFAULT_PREFIX = "biplane";

export interface StoreUse {
  /** Whose it is: `a rate-limit`. */
  readonly of: string;
  /** The counter of failures. */
  readonly metric: string;
  readonly help: string;
  /** A connection that is like this has only users that want it so. */
  readonly reading?: Pick<RespClientOptions, "bulkText" | "bulkMax">;
}

/** One connection for all uses of the same store, kept over reloads. */
export function sharedStore(store: StoreConfig, host: PluginHost, use: StoreUse): SharedStore {
  const { url, username, password, ca, timeout = DEFAULT_TIMEOUT_S, prefix = DEFAULT_PREFIX } = store;
  const { clock, timers, random, log, metrics } = host;
  const { of, metric, help, reading = {} } = use;
  const failures = metrics.counter({ name: metric, help }).labels();
  const warn = rareWarning(host, `the store of ${of} gives no answers`);
  const client = host.keep("resp", digestOf([url, username, password, ca, timeout, reading]), () =>
    createRespClient({
      address: parseRespAddress(url),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(ca === undefined ? {} : { ca }),
      ...reading,
      timeoutMs: timeout * SECOND,
      clock,
      timers,
      random,
      onTrouble: (reason) => log.debug("the connection to a shared store was lost", { reason }),
    }),
  );
  return {
    client,
    prefix,
    onAway(error) {
      failures.inc();
      warn(error);
    },
  };
}

export const digestOf = (parts: readonly unknown[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex");

/**
 * A script that runs in the store, where nothing else happens meanwhile.
 *
 * @returns runs it. It throws RespUnavailable, RespRefused
 */
export function storeScript(
  text: string,
): (client: RespClient, keys: readonly string[], args: RespCommand) => Promise<RespReply> {
  const sha = createHash("sha1").update(text).digest("hex");
  return async (client, keys, args) => {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await client.send("EVALSHA", sha, ...rest);
    } catch (error) {
      // A store that was started anew, or is another one, does not know the script: nothing was done.
      if (!(error instanceof RespRefused && error.message.startsWith("NOSCRIPT"))) throw error;
      return await client.send("EVAL", text, ...rest);
    }
  };
}
