/** `GET /v1/models`: what the configuration lets clients ask for. Providers are asked where only they know. */

import type { Answer } from "../../../message/answer.ts";
import { HeaderFields } from "../../../message/header-fields.ts";
import type { PluginHost } from "../../plugin.ts";
import { type ListedModel, NotUnderstood } from "../providers/provider.ts";
import { readText } from "./body-text.ts";
import { ProviderCall } from "./provider-call.ts";
import { chatProblem } from "./proxy-answers.ts";
import type { Target, Targets } from "./targets.ts";

export interface CatalogRules {
  readonly host: Pick<PluginHost, "pool" | "clock">;
  readonly targets: Targets;
  readonly aliases: ReadonlyMap<string, string>;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly responseBytesMax: number;
}

/** A list that has come is good for so long: nobody makes providers work by asking again and again. */
const FRESH_MS = 10_000;

/** Why a provider has no part in a list. */
interface Missing {
  readonly provider: string;
  /** The provider's, where it has answered. */
  readonly status: number | null;
  readonly detail: string;
}

type Listing = readonly ListedModel[] | Missing;

const isMissing = (listing: Listing): listing is Missing => "detail" in listing;

interface Model {
  readonly id: string;
  readonly object: "model";
  readonly created: number;
  readonly owned_by: string;
}

interface Catalog {
  readonly models: readonly Model[];
  readonly missing: readonly Missing[];
}

export class ModelCatalog {
  /** By what is asked of whom: many targets have one provider and key. */
  readonly #listings = new Map<string, { readonly at: number; readonly listing: Promise<Listing> }>();

  constructor(private readonly rules: CatalogRules) {}

  /** @param named the target that an earlier middleware has chosen (`ai.target`) */
  async list(named: string | undefined): Promise<Answer> {
    const { models, missing } = await this.#catalog(named);
    if (models.length === 0 && missing.length > 0) return unavailable(missing);
    return document({
      object: "list",
      data: models,
      ...(missing.length === 0 ? {} : { partial: true, warnings: missing }),
    });
  }

  async one(id: string, named: string | undefined): Promise<Answer> {
    const { models, missing } = await this.#catalog(named);
    const model = models.find((one) => one.id === id);
    if (model !== undefined) return document(model);
    if (missing.length > 0) return unavailable(missing);
    return chatProblem("not-found", "There is no such model, or it may not be asked for.", { param: "model" });
  }

  async #catalog(named: string | undefined): Promise<Catalog> {
    const { targets, aliases } = this.rules;
    const models = new Map<string, Model>();
    const add = (id: string, created: number, target: Target): void => {
      if (!target.permits(target.modelOf(aliases.get(id) ?? id))) return;
      models.set(id, { id, object: "model", created, owned_by: target.providerName });
    };
    const all = targets.all(named);
    const listings = await Promise.all(all.map((target) => this.#listing(target)));
    const missing = new Map<string, Missing>();
    for (const [index, listing] of listings.entries()) {
      const target = all[index]!;
      if (isMissing(listing)) {
        missing.set(JSON.stringify(listing), listing);
        continue;
      }
      for (const { id, created } of listing) {
        // Who asks for it by this name gets to this target, and not to another.
        if (!aliases.has(id) && targets.of(id, named) === target) add(id, created, target);
      }
    }
    for (const [alias, model] of aliases) {
      const target = targets.of(model, named);
      if (target !== undefined) add(alias, 0, target);
    }
    const sorted = Array.from(models.values()).sort((a, b) => (a.id < b.id ? -1 : 1));
    return { models: sorted, missing: Array.from(missing.values()) };
  }

  async #listing(target: Target): Promise<Listing> {
    if (target.models !== undefined) return target.models.map((id) => ({ id, created: 0 }));
    const key = JSON.stringify([target.upstream, target.modelsPath, target.fields]);
    const now = this.rules.host.clock.monotonicMs();
    const known = this.#listings.get(key);
    if (known !== undefined && now - known.at < FRESH_MS) return known.listing;
    const listing = this.#ask(target);
    this.#listings.set(key, { at: now, listing });
    // A failure is shared by those who wait for it, and by nobody else.
    if (isMissing(await listing) && this.#listings.get(key)?.listing === listing) this.#listings.delete(key);
    return listing;
  }

  async #ask({ chat: { provider }, providerName, upstream, modelsPath, fields }: Target): Promise<Listing> {
    const { host, connectTimeoutMs, timeoutMs, responseBytesMax } = this.rules;
    const missing = (status: number | null, detail: string): Missing => ({ provider: providerName, status, detail });
    const call = new ProviderCall(host.pool, upstream.origin, {
      method: "GET",
      target: modelsPath,
      host: upstream.host,
      fields: [...withoutContentType(fields), "Accept", "application/json"],
      connectTimeoutMs,
      responseTimeoutMs: timeoutMs,
      totalTimeoutMs: timeoutMs,
    });
    const result = await call.result;
    if (result.kind === "given-up") return missing(null, "The provider is not available.");
    if (result.kind === "failure") {
      const isLate = result.failure.kind.endsWith("timeout");
      return missing(null, isLate ? "The provider took too long." : "The provider is not available.");
    }
    const { status, body } = result;
    if (status < 200 || status > 299) {
      call.giveUp();
      const isKey = status === 401 || status === 403;
      return missing(status, isKey ? "The provider refuses the gateway." : `The provider has answered ${status}.`);
    }
    const text = await readText(body, responseBytesMax);
    if (text === undefined) {
      call.giveUp();
      return missing(status, "The provider's list broke off, or is too large.");
    }
    try {
      return provider.models.read(text);
    } catch (error) {
      if (!(error instanceof NotUnderstood)) throw error;
      return missing(status, error.message);
    }
  }
}

function withoutContentType(fields: readonly string[]): readonly string[] {
  return fields.filter((_, at) => fields[at - (at % 2)]!.toLowerCase() !== "content-type");
}

const unavailable = (missing: readonly Missing[]): Answer =>
  chatProblem("upstream-unavailable", missing.map(({ provider, detail }) => `${provider}: ${detail}`).join(" "));

function document(value: unknown): Answer {
  return {
    status: 200,
    headers: HeaderFields.of(["Content-Type", "application/json"]),
    body: Buffer.from(JSON.stringify(value)),
  };
}
