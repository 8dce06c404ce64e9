/** IP addresses and ranges of them (RFC 4632, RFC 4291), both families as numbers of 16-bit groups. */

/** A range: the address and how many of its leading bits count. */
export interface IpRange {
  readonly family: 4 | 6;
  readonly groups: readonly number[];
  readonly bits: number;
}

/** Reads an address or a CIDR range; undefined when it is neither. An IPv4 address mapped into IPv6 counts as IPv4. */
export function parseIpRange(text: string): IpRange | undefined {
  const slash = text.indexOf("/");
  const groups = parseAddress(slash === -1 ? text : text.slice(0, slash));
  if (groups === undefined) return undefined;
  const family = groups.length === 2 ? 4 : 6;
  const width = family === 4 ? 32 : 128;
  if (slash === -1) return { family, groups, bits: width };
  const suffix = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(suffix) || Number(suffix) > width) return undefined;
  return { family, groups, bits: Number(suffix) };
}

/** Whether an address lies in a range. */
export function isInRange(address: string, range: IpRange): boolean {
  const groups = parseAddress(address);
  if (groups === undefined || groups.length !== range.groups.length) return false;
  let left = range.bits;
  for (let i = 0; i < groups.length && left > 0; i++, left -= 16) {
    const mask = left >= 16 ? 0xffff : (0xffff << (16 - left)) & 0xffff;
    if (((groups[i] ?? 0) & mask) !== ((range.groups[i] ?? 0) & mask)) return false;
  }
  return true;
}

/** Two groups for IPv4, eight for IPv6. */
function parseAddress(text: string): readonly number[] | undefined {
  if (!text.includes(":")) return parseV4(text);
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? "");
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? "") : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  return mapped ? groups.slice(6) : groups;
}

/** Four decimal numbers of at most three digits below 256. By hand, because every request with a condition on its address comes here. */
function parseV4(text: string): readonly number[] | undefined {
  let value = 0;
  let digits = 0;
  let part = 0;
  let high = 0;
  let low = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = i === text.length ? dot : text.charCodeAt(i);
    if (code >= zero && code <= nine) {
      value = value * 10 + code - zero;
      if (++digits > 3) return undefined;
      continue;
    }
    if (code !== dot || digits === 0 || value > 255 || part === 4) return undefined;
    if (part < 2) high = high * 256 + value;
    else low = low * 256 + value;
    part++;
    value = 0;
    digits = 0;
  }
  return part === 4 ? [high, low] : undefined;
}

const dot = 0x2e;
const zero = 0x30;
const nine = 0x39;

function parseGroups(text: string): readonly number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && part.includes(".")) {
      const v4 = parseV4(part);
      if (v4 === undefined) return undefined;
      groups.push(...v4);
    } else if (/^[0-9A-Fa-f]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups.length <= 8 ? groups : undefined;
}
