/** What a plugin remembers of each exchange, for as long as the exchange lasts. */
import type { GatewayExchange } from "./gateway-exchange.ts";

/**
 * Belongs to one middleware: several of the same kind work on the same exchange, each with a note of its own. It stands in the exchange itself; a `WeakMap` would have the collector go through
 * all requests of the last moments each time.
 *
 * @example
 * const decisions = new ExchangeNote<Decision>();
 * decisions.set(exchange, decision); // in onRequest
 * decisions.get(exchange); // in onResponse and onEnd
 */
export class ExchangeNote<Value extends NonNullable<unknown>> {
  set(exchange: GatewayExchange, value: Value): void {
    const { notes } = exchange;
    const at = this.#placeIn(notes);
    if (at === -1) notes.push(this, value);
    else notes[at + 1] = value;
  }

  get(exchange: GatewayExchange): Value | undefined {
    const { notes } = exchange;
    const at = this.#placeIn(notes);
    return at === -1 ? undefined : (notes[at + 1] as Value);
  }

  /** A few of them at most: looking through them costs less than a table. */
  #placeIn(notes: readonly unknown[]): number {
    for (let at = 0; at < notes.length; at += 2) if (notes[at] === this) return at;
    return -1;
  }
}
