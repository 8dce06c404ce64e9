/** Instances of a module, used again and again. */
import type { MaybeAsync } from "../plugin.ts";
import { GuestFault } from "./guest-fault.ts";

export interface PoolOptions<Instance> {
  /** @throws when it cannot be made */
  readonly create: () => Instance;
  readonly instancesMax: number;
  /** Calls that may wait for one of them. */
  readonly waitingMax: number;
}

export class GuestPool<Instance> {
  readonly #options: PoolOptions<Instance>;
  readonly #idle: Instance[] = [];
  readonly #waiting: { readonly resolve: (one: Instance) => void; readonly reject: (error: unknown) => void }[] = [];
  #count = 0;

  constructor(options: PoolOptions<Instance>) {
    this.#options = options;
  }

  /** Instances that there are. */
  get size(): number {
    return this.#count;
  }

  /** @throws GuestFault `busy`; what `create` throws */
  take(): MaybeAsync<Instance> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    const { instancesMax, waitingMax } = this.#options;
    if (this.#count < instancesMax) return this.#create();
    if (this.#waiting.length >= waitingMax) {
      throw new GuestFault("busy", "too many calls wait for other servers");
    }
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** It can be used again. */
  give(instance: Instance): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(instance);
    else next.resolve(instance);
  }

  /** It is not used any more. */
  drop(): void {
    this.#count--;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    try {
      next.resolve(this.#create());
    } catch (error) {
      next.reject(error);
    }
  }

  #create(): Instance {
    const made = this.#options.create();
    this.#count++;
    return made;
  }
}
