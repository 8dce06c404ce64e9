/**
 * The hooks that product code carries for the simulation: rare misbehaviour on demand, and probes of what was reached.
 */

import type { SimulationHooks } from "../ports/runtime.ts";
import { chance, type SeededRandom } from "./seeded-random.ts";

/** How often a switched-on site misbehaves when it does not say. */
const DEFAULT_PROBABILITY = 0.05;

/** The hooks of one run, shared by all its machines. */
export class RunHooks implements SimulationHooks {
  /** How often each probe was reached. */
  readonly probes = new Map<string, number>();
  /** How often each site misbehaved; sites that were switched off are listed with 0. */
  readonly buggified = new Map<string, number>();
  private readonly sites = new Map<string, SeededRandom | undefined>();
  private readonly random: SeededRandom;
  private readonly siteProbability: number;
  private enabled = true;

  /** @param siteProbability the share of sites that a run switches on. */
  constructor(random: SeededRandom, siteProbability: number) {
    this.random = random;
    this.siteProbability = siteProbability;
  }

  buggify(name: string, probability: number = DEFAULT_PROBABILITY): boolean {
    if (!this.enabled) return false;
    const generator = this.siteOf(name);
    if (generator === undefined || !chance(generator, probability)) return false;
    this.buggified.set(name, this.buggified.get(name)! + 1);
    return true;
  }

  probe(name: string): void {
    this.probes.set(name, (this.probes.get(name) ?? 0) + 1);
  }

  /** No site misbehaves from here on. */
  calm(): void {
    this.enabled = false;
  }

  /** Each site has a generator of its own: whether it is on, and when it fires, does not depend on the others. */
  private siteOf(name: string): SeededRandom | undefined {
    if (this.sites.has(name)) return this.sites.get(name);
    const generator = this.random.fork(name);
    const site = chance(generator, this.siteProbability) ? generator : undefined;
    this.sites.set(name, site);
    this.buggified.set(name, 0);
    return site;
  }
}
