/** Limits and periods of the link to gateways. */

/** How often gateways are asked to say how they do. */
export const HEARTBEAT_SECS = 30;

/** Silent for this long is gone: two heartbeats may be lost, and the third be late by half an interval. */
export const SILENCE_INTERVALS = 2.5;

/** From the upgrade to `register`, and from that to the answer. */
export const REGISTER_TIMEOUT_MS = 10_000;

/** Open connections of gateways at once: each costs a socket and about 4 KiB. Ten projects of the largest size. */
export const CONNECTIONS_MAX = 100_000;

/** Connections that have shown a key and are not registered yet. */
export const UNREGISTERED_MAX = 1_000;

/**
 * Messages that a gateway may send in a burst, and further ones for each second. A heartbeat is sent twice a minute, and every artifact takes two messages: fifty artifacts
 * in no time are still let through.
 */
export const MESSAGES_BURST = 120;
export const MESSAGES_PER_SECOND = 2;

/** Two gateways with one identity push each other off; after so many times in this period the newer one is told so instead. */
export const REPLACEMENTS_MAX = 3;
export const REPLACEMENTS_PERIOD_MS = 60_000;

/** A key that ends later than this is looked at again then. */
export const RECHECK_MS_MAX = 6 * 3_600_000;
