/** What functions of the host work with, the same for all instances of one use of a plugin. */
import type { SlidingWindows } from "#foundation/rate-limit";
import type { ExchangeNote } from "../../message/exchange-note.ts";
import type { PluginHost } from "../plugin.ts";
import type { GuestCall } from "./guest-call.ts";
import type { GuestMemory } from "./guest-memory.ts";
import type { ValueStore } from "./value-store.ts";

export interface ModuleServices {
  readonly name: string;
  readonly host: PluginHost;
  /** Its configuration: JSON, references to secrets resolved. */
  readonly config: Uint8Array;
  /** Servers that it may send to, as `URL.origin` says them. */
  readonly origins: ReadonlySet<string>;
  readonly waitMs: number;
  /** What it has noted of requests that are on their way. */
  readonly notes: ExchangeNote<Uint8Array>;
  readonly values: () => ValueStore;
  /** Undefined: it has too many quotas already. */
  readonly windows: (quota: number, windowS: number) => SlidingWindows | undefined;
}

/** What functions of the host see of the instance that calls them. */
export interface Caller {
  readonly memory: GuestMemory;
  readonly call: GuestCall;
}

export type HostFunctions = Readonly<Record<string, (...given: never[]) => number | undefined | Promise<number>>>;
