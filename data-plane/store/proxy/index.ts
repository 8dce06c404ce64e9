/**
 * Commit proxies: take transactions, and hand out read versions.
 *
 * @example
 * const proxy = new CommitProxy({ epoch, id, token, clock, timers, neighbours, onFailure });
 * await proxy.unlock({ epoch, token, layout });
 * await proxy.writeLayout({ epoch, token });
 */
export { DEFAULT_LIMITS, type ProxyLimits } from "./limits.ts";
export type { Neighbours } from "./neighbours.ts";
export { CommitProxy, type CommitProxyOptions } from "./proxy.ts";
