/** How registries are spoken to. */

import type { HttpPool } from "#foundation/http";
import type { Clock, Timers } from "#foundation/runtime";

/** Who we are to one registry. Never logged, never sent to another host than the registry and the token service it names. */
export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
}

export interface RegistryOptions {
  /** Credentials for a registry (as in a reference: `docker.io`, `localhost:5000`) or a mirror. */
  readonly credentials?: (registry: string) => RegistryCredentials | undefined;
  /** Hosts tried before the registry itself, in this order. */
  readonly mirrors?: (registry: string) => readonly string[];
  /** Registries that may be spoken to without TLS. Loopback always may. */
  readonly plainHttp?: ReadonlySet<string>;
  /** Certificate authorities in PEM, in place of the system's. */
  readonly ca?: string;
  readonly pool?: HttpPool;
  readonly clock?: Clock;
  readonly timers?: Timers;
  /** Milliseconds without an answer, or between two pieces of it. Default 30 s. */
  readonly idleTimeoutMs?: number;
}

/** Where the API of Docker Hub is. */
const HUB_ENDPOINT = "registry-1.docker.io";

/** `https://host`, or `http://host` where that is allowed. */
export function endpointOf(registry: string, plainHttp: ReadonlySet<string> | undefined): string {
  const host = registry === "docker.io" ? HUB_ENDPOINT : registry;
  return `${isLoopback(host) || plainHttp?.has(registry) === true ? "http" : "https"}://${host}`;
}

function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(host);
}
