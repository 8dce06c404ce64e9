/** Values of items for the model: how they compare and add up, worked out the slow way. Shares nothing with the program. */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";

export type Item = Record<string, AttributeValue>;

/** A path: the name of an attribute, then names and indexes. */
export type Path = readonly [string, ...(string | number)[]];

/** The type of a value and its content. */
export function partsOf(value: AttributeValue): readonly [type: string, content: unknown] {
  const [entry] = Object.entries(value).filter(([, content]) => content !== undefined);
  return entry!;
}

export function valueAt(item: Item, [name, ...steps]: Path): AttributeValue | undefined {
  let value: AttributeValue | undefined = item[name];
  for (const step of steps) value = typeof step === "number" ? value?.L?.[step] : value?.M?.[step];
  return value;
}

/** Digits behind the point that are reckoned with; the model's numbers have fewer. */
const SCALE = 45;

/** A number as a whole number of 10^-SCALE. */
export function whole(text: string): bigint {
  const [integer = "", fraction = ""] = text.replace("-", "").split(".");
  const value = BigInt(integer + fraction.padEnd(SCALE, "0"));
  return text.startsWith("-") ? -value : value;
}

/** The number again, as DynamoDB writes it; undefined when it has more than 38 digits that count. */
export function textOfWhole(value: bigint): string | undefined {
  const digits = (value < 0n ? -value : value).toString().padStart(SCALE + 1, "0");
  const significant = digits.replace(/^0+|0+$/g, "");
  if (significant.length > 38) return undefined;
  const fraction = digits.slice(-SCALE).replace(/0+$/, "");
  const integer = digits.slice(0, -SCALE);
  const text = fraction === "" ? integer : `${integer}.${fraction}`;
  return value < 0n ? `-${text}` : text;
}

/** A text that is the same for values that are the same: sets without order, maps by name. */
export function fingerprint(value: AttributeValue): string {
  const [type, content] = partsOf(value);
  switch (type) {
    case "SS":
    case "NS":
      return `${type}${JSON.stringify([...(content as string[])].sort())}`;
    case "B":
      return `B${Buffer.from(content as Uint8Array).toString("hex")}`;
    case "L":
      return `L${JSON.stringify((content as AttributeValue[]).map(fingerprint))}`;
    case "M":
      return `M${itemText(content as Item)}`;
    default:
      return `${type}${JSON.stringify(content)}`;
  }
}

export function itemText(item: Item): string {
  return JSON.stringify(
    Object.keys(item)
      .sort()
      .map((name) => [name, fingerprint(item[name]!)]),
  );
}

/** Negative, zero or positive; undefined for what has no order. */
export function order(a: AttributeValue, b: AttributeValue): number | undefined {
  if (a.S !== undefined && b.S !== undefined) return Buffer.compare(Buffer.from(a.S), Buffer.from(b.S));
  if (a.N !== undefined && b.N !== undefined) {
    const [x, y] = [whole(a.N), whole(b.N)];
    return x < y ? -1 : x > y ? 1 : 0;
  }
  if (a.B !== undefined && b.B !== undefined) return Buffer.compare(a.B, b.B);
  return undefined;
}

/** What size() says; undefined where it says nothing. */
export function sizeOf(value: AttributeValue): number | undefined {
  const [type, content] = partsOf(value);
  if (type === "N" || type === "BOOL" || type === "NULL") return undefined;
  if (type === "M") return Object.keys(content as Item).length;
  return (content as { readonly length: number }).length;
}

/** A number in [0, 1), seeded. */
export type Random = () => number;

export function pick<Choice>(random: Random, choices: readonly Choice[]): Choice {
  return choices[Math.floor(random() * choices.length)]!;
}

export const NUMBERS = [
  "0",
  "1",
  "2",
  "-1.5",
  "0.1",
  "1e1",
  "12345678901234567890123456789012345678",
  "12345678901234567890123456789012345679",
  "-0.00000000000000000001",
  "99999999999999999999999999999999999999",
].map((text) => (text === "1e1" ? "10" : text));
const TEXTS = ["", "a", "ab", "b", "ä", "\uffff", "\u{10000}"];

export function randomValue(random: Random, depth = 2): AttributeValue {
  const kind = Math.floor(random() * (depth > 0 ? 10 : 7));
  switch (kind) {
    case 0:
    case 1:
      return { S: pick(random, TEXTS) };
    case 2:
    case 3:
      return { N: pick(random, NUMBERS) };
    case 4:
      return { BOOL: random() < 0.5 };
    case 5:
      return random() < 0.5 ? { NULL: true } : { B: Uint8Array.from([1, Math.floor(random() * 3)]) };
    case 6:
      return randomSet(random);
    case 7:
      return { L: some(random, () => randomValue(random, depth - 1)) };
    default:
      return {
        M: Object.fromEntries(
          ["x", "y"].filter(() => random() < 0.6).map((name) => [name, randomValue(random, depth - 1)]),
        ),
      };
  }
}

/** A value as the attribute of this name mostly has one, so that conditions and updates meet what they are about. */
export function typicalValue(random: Random, name: string): AttributeValue {
  if (random() < 0.2) return randomValue(random);
  switch (name) {
    case "a":
      return { S: pick(random, TEXTS) };
    case "n":
      return { N: pick(random, random() < 0.6 ? NUMBERS.slice(0, 5) : NUMBERS) };
    case "s":
      return randomSet(random);
    case "m":
      return { M: { x: { N: pick(random, NUMBERS.slice(0, 5)) }, y: randomValue(random, 1) } };
    case "l":
      return { L: some(random, () => ({ N: pick(random, NUMBERS.slice(0, 5)) })) };
    default:
      return randomValue(random);
  }
}

export function randomSet(random: Random): AttributeValue {
  const from = (choices: readonly string[]) => [pick(random, choices), ...choices.filter(() => random() < 0.3)];
  return random() < 0.5 ? { SS: [...new Set(from(TEXTS.slice(1)))] } : { NS: [...new Set(from(NUMBERS.slice(0, 6)))] };
}

function some<Element>(random: Random, make: () => Element): Element[] {
  return Array.from({ length: Math.floor(random() * 3) }, make);
}
