/** From the words of `query` to a key condition. Pure. */
import type { Arguments } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { keyValue, looksLikeObject, readItem, textOf } from "./arguments.ts";
import type { KeyedPlace } from "./client.ts";
import type { WireValue } from "./plain-items.ts";

/** Placeholders of an expression. */
export interface Named {
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, WireValue>>;
}

export interface KeyCondition extends Named {
  readonly expression: string;
}

/** @throws CodedError USAGE */
export function keyConditionOf(place: KeyedPlace, given: Arguments): KeyCondition {
  const [, hash, range] = given.positionals as [string, string, string?];
  const building = new Building();
  if (looksLikeObject(hash)) {
    for (const [name, value] of Object.entries(readItem(textOf(hash), given.has("dynamodb-json"), "KEY"))) {
      building.add(name, "=", value);
    }
  } else {
    const [only, ...more] = place.hash;
    if (more.length > 0) {
      throw usageError(
        `The key has several attributes: ${place.hash.join(", ")}.`,
        `Give their values as a JSON object: '{"${place.hash[0]}": …}'`,
      );
    }
    building.add(only!, "=", keyValue(place, only!, hash));
  }
  addRange(building, place, given, range);
  return building.condition;
}

function addRange(building: Building, place: KeyedPlace, given: Arguments, equal: string | undefined): void {
  const prefix = given.text("begins-with");
  const from = given.text("from");
  const to = given.text("to");
  const ways = [equal, prefix, from ?? to].filter((one) => one !== undefined);
  if (ways.length === 0) return;
  if (ways.length > 1) throw usageError("Choose one of RANGE, --begins-with, and --from with --to.");
  const name = place.range[0];
  if (name === undefined)
    throw usageError("There is no range key here.", "See what there is: biplane tables show NAME");
  const value = (text: string) => keyValue(place, name, text);
  if (equal !== undefined) building.add(name, "=", value(equal));
  else if (prefix !== undefined) building.beginsWith(name, value(prefix));
  else if (from === undefined) building.add(name, "<=", value(to!));
  else if (to === undefined) building.add(name, ">=", value(from));
  else building.between(name, value(from), value(to));
}

class Building {
  readonly #names: Record<string, string> = {};
  readonly #values: Record<string, WireValue> = {};
  readonly #parts: string[] = [];

  add(name: string, operator: string, value: WireValue): void {
    this.#parts.push(`${this.#name(name)} ${operator} ${this.#value(value)}`);
  }

  beginsWith(name: string, value: WireValue): void {
    this.#parts.push(`begins_with(${this.#name(name)}, ${this.#value(value)})`);
  }

  between(name: string, low: WireValue, high: WireValue): void {
    this.#parts.push(`${this.#name(name)} BETWEEN ${this.#value(low)} AND ${this.#value(high)}`);
  }

  get condition(): KeyCondition {
    return { expression: this.#parts.join(" AND "), names: this.#names, values: this.#values };
  }

  #name(name: string): string {
    const placeholder = `#k${Object.keys(this.#names).length}`;
    this.#names[placeholder] = name;
    return placeholder;
  }

  #value(value: WireValue): string {
    const placeholder = `:k${Object.keys(this.#values).length}`;
    this.#values[placeholder] = value;
    return placeholder;
  }
}
