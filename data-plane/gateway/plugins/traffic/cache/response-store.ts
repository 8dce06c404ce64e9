/** Responses in memory, as many as have room; those not used for longest make room for new ones. Pure. */
import type { HeaderFields } from "../../../message/header-fields.ts";
import type { StoredResponse } from "./stored-response.ts";

/** Of one address: who sends ever other values of a field that responses vary by only pushes out these. */
export const VARIANTS_MAX = 64;
/** What a response costs besides its texts and its body, about. */
export const OVERHEAD_BYTES = 1024;
/** Addresses whose last response was not kept, so that nobody waits for the next: 4,096 × 1,024 characters. */
const UNKEPT_MAX = 4_096;
/** Requests for longer addresses do not wait for each other. */
const AWAITED_KEY_MAX = 1_024;
/** How long requests wait for the answer to one that asks for the same; counted from that one on, so that nothing slow holds up all that come after it. */
const WAIT_MAX_MS = 2_000;

/** Somebody asks the origin already. */
export interface Pending {
  /** Settled once there is an answer, or none will come. */
  readonly promise: Promise<void>;
  /** When nobody waits for it any more, on the monotonic clock. */
  readonly untilMs: number;
}

interface Resource {
  /** Fields by which its responses are told apart, in lower case. */
  varyNames: readonly string[];
  readonly variants: Map<string, StoredResponse>;
  bytes: number;
}

export class ResponseStore {
  readonly #bytesMax: number;
  /** By address, that used last at the end. */
  readonly #resources = new Map<string, Resource>();
  readonly #unkept = new Set<string>();
  readonly #pending = new Map<string, Pending>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** That for a request with such fields. @param apart only responses that were told apart by these at least; in lower case */
  get(key: string, headers: HeaderFields, apart: readonly string[]): StoredResponse | undefined {
    const resource = this.#resources.get(key);
    if (resource === undefined || !apart.every((name) => resource.varyNames.includes(name))) return undefined;
    const found = resource.variants.get(variantKey(resource.varyNames, headers));
    if (found === undefined) return undefined;
    this.#resources.delete(key);
    this.#resources.set(key, resource);
    return found;
  }

  /**
   * @param varyNames in lower case, sorted
   * @param variant see {@link variantKey}
   */
  put(key: string, varyNames: readonly string[], variant: string, stored: StoredResponse): void {
    this.markKept(key);
    const bytes = sizeOf(key, variant, stored);
    if (bytes > this.#bytesMax) {
      this.delete(key);
      return;
    }
    let resource = this.#resources.get(key);
    // What was told apart by other fields cannot be found any more.
    if (resource !== undefined && resource.varyNames.join() !== varyNames.join()) {
      this.delete(key);
      resource = undefined;
    }
    resource ??= { varyNames, variants: new Map(), bytes: 0 };
    this.#resources.delete(key);
    this.#resources.set(key, resource);
    this.#drop(key, resource, variant);
    const [oldest] = resource.variants.keys();
    if (resource.variants.size >= VARIANTS_MAX) this.#drop(key, resource, oldest!);
    resource.variants.set(variant, stored);
    resource.bytes += bytes;
    this.#bytes += bytes;
    this.#makeRoom(key);
  }

  /** All responses of an address. */
  delete(key: string): void {
    const resource = this.#resources.get(key);
    if (resource === undefined) return;
    this.#resources.delete(key);
    this.#bytes -= resource.bytes;
  }

  clear(): void {
    this.#resources.clear();
    this.#bytes = 0;
  }

  /** Requests for this address wait for each other again. */
  markKept(key: string): void {
    this.#unkept.delete(key);
  }

  /** The last response of this address was not to be kept: requests for it do not wait for each other. */
  markUnkept(key: string): void {
    if (key.length > AWAITED_KEY_MAX) return;
    if (this.#unkept.size >= UNKEPT_MAX) this.#unkept.clear();
    this.#unkept.add(key);
  }

  /** What to wait for when somebody already asks the origin for the same. */
  pendingOf(key: string, nowMs: number): Pending | undefined {
    const pending = this.#pending.get(key);
    return pending !== undefined && pending.untilMs > nowMs ? pending : undefined;
  }

  /** Somebody asks the origin. @returns call it once there is an answer, or none will come; undefined when others are not to wait for it */
  begin(key: string, nowMs: number): (() => void) | undefined {
    if (key.length > AWAITED_KEY_MAX || this.#unkept.has(key) || this.pendingOf(key, nowMs) !== undefined)
      return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    const pending = { promise, untilMs: nowMs + WAIT_MAX_MS };
    this.#pending.set(key, pending);
    return () => {
      if (this.#pending.get(key) === pending) this.#pending.delete(key);
      resolve();
    };
  }

  #drop(key: string, resource: Resource, variant: string): void {
    const stored = resource.variants.get(variant);
    if (stored === undefined) return;
    resource.variants.delete(variant);
    const bytes = sizeOf(key, variant, stored);
    resource.bytes -= bytes;
    this.#bytes -= bytes;
  }

  /** Others than this one first, then its oldest variants. */
  #makeRoom(key: string): void {
    for (const oldest of this.#resources.keys()) {
      if (this.#bytes <= this.#bytesMax || oldest === key) break;
      this.delete(oldest);
    }
    const resource = this.#resources.get(key)!;
    for (const variant of resource.variants.keys()) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#drop(key, resource, variant);
    }
  }
}

/** The values of the fields by which responses are told apart. An absent field is another than an empty one. */
export function variantKey(varyNames: readonly string[], headers: HeaderFields): string {
  if (varyNames.length === 0) return "";
  return varyNames.map((name) => headers.get(name) ?? "\u0000").join("\n");
}

function sizeOf(key: string, variant: string, { fields, body }: StoredResponse): number {
  let characters = key.length + variant.length;
  for (const text of fields) characters += text.length;
  return 2 * characters + body.length + OVERHEAD_BYTES;
}
