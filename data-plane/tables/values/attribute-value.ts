/** What an attribute holds: the wire's JSON form, everywhere in the tables rooms (DynamoDB API reference, AttributeValue). */

/** A value with exactly one type. Binary is base64 text, numbers are decimal text, as in a request or a stored item. */
export type AttributeValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly B: string }
  | { readonly SS: readonly string[] }
  | { readonly NS: readonly string[] }
  | { readonly BS: readonly string[] }
  | { readonly M: Item }
  | { readonly L: readonly AttributeValue[] }
  | { readonly NULL: true }
  | { readonly BOOL: boolean };

/**
 * Attributes by name. Names come from clients: read with {@link attributeOf}, write with {@link setAttribute}, so that `__proto__` and
 * `constructor` are names like any other.
 */
export interface Item {
  readonly [name: string]: AttributeValue;
}

/** An item under construction. */
export type MutableItem = { [name: string]: AttributeValue };

/** The ten types of DynamoDB. */
export type ValueType = "S" | "N" | "B" | "SS" | "NS" | "BS" | "M" | "L" | "NULL" | "BOOL";

/** Types that a key attribute may have. */
export type ScalarKeyType = "S" | "N" | "B";

/** The ten types, in the order in which AWS's documentation lists them. */
export const valueTypes: readonly ValueType[] = Object.freeze([
  "S",
  "N",
  "B",
  "SS",
  "NS",
  "BS",
  "M",
  "L",
  "NULL",
  "BOOL",
]);

/** The type of a normalised value. */
export function typeOf(value: AttributeValue): ValueType {
  // A normalised value has exactly one property.
  for (const type in value) return type as ValueType;
  throw new TypeError("an attribute value without a type");
}

const hasOwn = Object.prototype.hasOwnProperty;

/** An attribute of an item, or undefined. Inherited properties are no attributes. */
export function attributeOf(item: Item, name: string): AttributeValue | undefined {
  return hasOwn.call(item, name) ? item[name] : undefined;
}

/** Sets an attribute of an item under construction; assigning `__proto__` would change the object's prototype instead. */
export function setAttribute(item: MutableItem, name: string, value: AttributeValue): void {
  if (name === "__proto__") {
    Object.defineProperty(item, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    item[name] = value;
  }
}

/** A shallow copy that may be changed. */
export function copyItem(item: Item): MutableItem {
  // A spread defines properties, also one named `__proto__`.
  return { ...item };
}
