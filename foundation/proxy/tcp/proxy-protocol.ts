/**
 * The PROXY protocol, versions 1 and 2: who the client of a passed-on connection is. Pure.
 *
 * Source: "The PROXY protocol, versions 1 & 2" (HAProxy, proxy-protocol.txt), §2.1, §2.2; type values of AWS: Network Load Balancer guide, "Proxy protocol".
 */

/** Both ends of a connection. */
export interface ProxiedAddresses {
  readonly family: "ipv4" | "ipv6";
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly destinationAddress: string;
  readonly destinationPort: number;
}

/** One type-length-value of version 2 (§2.2.6), as it is. */
export interface ProxyTlv {
  readonly type: number;
  readonly value: Uint8Array;
}

export interface ProxyHeader {
  readonly version: 1 | 2;
  /** Undefined for a connection of the proxy itself (`LOCAL`, health checks) and for one of unknown kind: the socket's own addresses count. */
  readonly addresses: ProxiedAddresses | undefined;
  readonly tlvs: readonly ProxyTlv[];
}

export type ProxyHeaderOutcome =
  | { readonly kind: "more" }
  /** `length`: of the header; what follows belongs to the connection. */
  | { readonly kind: "header"; readonly header: ProxyHeader; readonly length: number }
  | { readonly kind: "malformed" };

/** §2.1: the longest line of version 1, with its CRLF. */
const LINE_BYTES_MAX = 107;
/** Addresses (at most 216 bytes) and type-length-values: more than any implementation sends. §2.2 allows 65,535. */
const BLOCK_BYTES_MAX = 4096;
/** §2.2: CR LF CR LF NUL CR LF "QUIT" LF. */
const SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const FIXED_BYTES = 16;

const MORE: ProxyHeaderOutcome = { kind: "more" };
const MALFORMED: ProxyHeaderOutcome = { kind: "malformed" };

/** Types of values that are known by name. */
export const PROXY_TLV = { alpn: 0x01, authority: 0x02, crc32c: 0x03, noop: 0x04, uniqueId: 0x05, aws: 0xea } as const;

/**
 * Reads the header that a connection begins with.
 *
 * A receiver must be told to expect one, and only by whom it trusts: it is never guessed whether there is one (§4).
 *
 * @param bytes all that has come so far
 */
export function parseProxyHeader(bytes: Buffer): ProxyHeaderOutcome {
  if (bytes.length === 0) return MORE;
  if (bytes[0] === SIGNATURE[0]) return parseBinary(bytes);
  return parseLine(bytes);
}

function parseLine(bytes: Buffer): ProxyHeaderOutcome {
  const begin = bytes.toString("latin1", 0, Math.min(6, bytes.length));
  if (!"PROXY ".startsWith(begin)) return MALFORMED;
  const end = bytes.subarray(0, LINE_BYTES_MAX).indexOf("\r\n");
  if (end === -1) return bytes.length >= LINE_BYTES_MAX ? MALFORMED : MORE;
  const line = bytes.toString("latin1", 0, end);
  const length = end + 2;
  // §2.1: for UNKNOWN the rest of the line is ignored.
  if (/^PROXY UNKNOWN(?: |$)/.test(line)) return headerOf(1, undefined, [], length);
  const parts = /^PROXY TCP([46]) ([0-9a-fA-F.:]+) ([0-9a-fA-F.:]+) ([0-9]{1,5}) ([0-9]{1,5})$/.exec(line);
  if (parts === null) return MALFORMED;
  const [, digit, sourceAddress, destinationAddress, sourcePort, destinationPort] = parts as unknown as string[];
  const family = digit === "4" ? "ipv4" : "ipv6";
  const isAddress = family === "ipv4" ? isIpv4 : isIpv6;
  if (!isAddress(sourceAddress!) || !isAddress(destinationAddress!)) return MALFORMED;
  if (!isPort(sourcePort!) || !isPort(destinationPort!)) return MALFORMED;
  const addresses: ProxiedAddresses = {
    family,
    sourceAddress: sourceAddress!,
    sourcePort: Number(sourcePort),
    destinationAddress: destinationAddress!,
    destinationPort: Number(destinationPort),
  };
  return headerOf(1, addresses, [], length);
}

function parseBinary(bytes: Buffer): ProxyHeaderOutcome {
  const known = Math.min(bytes.length, SIGNATURE.length);
  if (!bytes.subarray(0, known).equals(SIGNATURE.subarray(0, known))) return MALFORMED;
  if (bytes.length < FIXED_BYTES) return MORE;
  const command = bytes[12]!;
  if (command !== 0x20 && command !== 0x21) return MALFORMED;
  const block = bytes.readUInt16BE(14);
  if (block > BLOCK_BYTES_MAX) return MALFORMED;
  const length = FIXED_BYTES + block;
  if (bytes.length < length) return MORE;
  const isLocal = command === 0x20;
  const [family, transport] = [bytes[13]! >> 4, bytes[13]! & 0x0f];
  if (family > 3 || transport > 2) return MALFORMED;
  const addressBytes = ADDRESS_BYTES[family]!;
  // §2.2: LOCAL says nothing of addresses, and a receiver must skip what it does not know. Only streams over IP concern us.
  const isKnown = !isLocal && transport === 1 && (family === 1 || family === 2);
  if (block < addressBytes) return isLocal || family === 0 ? headerOf(2, undefined, [], length) : MALFORMED;
  const tlvs = parseTlvs(bytes.subarray(FIXED_BYTES + addressBytes, length));
  if (tlvs === undefined) return isLocal || family === 0 ? headerOf(2, undefined, [], length) : MALFORMED;
  return headerOf(2, isKnown ? readAddresses(bytes, family === 1 ? "ipv4" : "ipv6") : undefined, tlvs, length);
}

/** By family: unspecified, IPv4, IPv6, Unix. */
const ADDRESS_BYTES = [0, 12, 36, 216] as const;

function headerOf(
  version: 1 | 2,
  addresses: ProxiedAddresses | undefined,
  tlvs: readonly ProxyTlv[],
  length: number,
): ProxyHeaderOutcome {
  return { kind: "header", header: { version, addresses, tlvs }, length };
}

function readAddresses(bytes: Buffer, family: "ipv4" | "ipv6"): ProxiedAddresses {
  const size = family === "ipv4" ? 4 : 16;
  const ports = FIXED_BYTES + 2 * size;
  const address = (at: number): string => formatAddress(bytes.subarray(at, at + size));
  return {
    family,
    sourceAddress: address(FIXED_BYTES),
    sourcePort: bytes.readUInt16BE(ports),
    destinationAddress: address(FIXED_BYTES + size),
    destinationPort: bytes.readUInt16BE(ports + 2),
  };
}

function parseTlvs(bytes: Buffer): readonly ProxyTlv[] | undefined {
  const tlvs: ProxyTlv[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 3 > bytes.length) return undefined;
    const end = at + 3 + bytes.readUInt16BE(at + 1);
    if (end > bytes.length) return undefined;
    tlvs.push({ type: bytes[at]!, value: Uint8Array.prototype.slice.call(bytes, at + 3, end) });
    at = end;
  }
  return tlvs;
}

/**
 * The header as bytes. Without addresses: `UNKNOWN` in version 1, `LOCAL` in version 2.
 *
 * @throws RangeError for addresses or ports that are none, and for values beyond what fits
 */
export function encodeProxyHeader({ version, addresses, tlvs }: ProxyHeader): Uint8Array {
  if (version === 1) return Buffer.from(encodeLine(addresses), "latin1");
  const body: Uint8Array[] = [];
  if (addresses !== undefined) {
    const { family, sourceAddress, sourcePort, destinationAddress, destinationPort } = addresses;
    const ports = Buffer.alloc(4);
    ports.writeUInt16BE(sourcePort, 0);
    ports.writeUInt16BE(destinationPort, 2);
    body.push(addressBytes(family, sourceAddress), addressBytes(family, destinationAddress), ports);
  }
  for (const { type, value } of tlvs) {
    const head = Buffer.alloc(3);
    head.writeUInt8(type, 0);
    head.writeUInt16BE(value.length, 1);
    body.push(head, value);
  }
  const block = Buffer.concat(body);
  const fixed = Buffer.alloc(4);
  fixed[0] = addresses === undefined ? 0x20 : 0x21;
  fixed[1] = addresses === undefined ? 0x00 : addresses.family === "ipv4" ? 0x11 : 0x21;
  fixed.writeUInt16BE(block.length, 2);
  return Buffer.concat([SIGNATURE, fixed, block]);
}

function encodeLine(addresses: ProxiedAddresses | undefined): string {
  if (addresses === undefined) return "PROXY UNKNOWN\r\n";
  const { family, sourceAddress, sourcePort, destinationAddress, destinationPort } = addresses;
  addressBytes(family, sourceAddress);
  addressBytes(family, destinationAddress);
  if (!isPort(String(sourcePort)) || !isPort(String(destinationPort))) throw new RangeError("A port is 0 to 65535.");
  const protocol = family === "ipv4" ? "TCP4" : "TCP6";
  return `PROXY ${protocol} ${sourceAddress} ${destinationAddress} ${sourcePort} ${destinationPort}\r\n`;
}

function addressBytes(family: "ipv4" | "ipv6", address: string): Uint8Array {
  const bytes = family === "ipv4" ? parseIpv4(address) : parseIpv6(address);
  if (bytes === undefined) throw new RangeError(`${JSON.stringify(address)} is no ${family} address.`);
  return bytes;
}

function isIpv4(text: string): boolean {
  return parseIpv4(text) !== undefined;
}

function isIpv6(text: string): boolean {
  return parseIpv6(text) !== undefined;
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9][0-9]{0,4})$/.test(text) && Number(text) <= 65_535;
}

/** Four decimal numbers without leading zeros. */
function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    if (!/^(?:0|[1-9][0-9]{0,2})$/.test(parts[i]!) || Number(parts[i]) > 255) return undefined;
    bytes[i] = Number(parts[i]);
  }
  return bytes;
}

/** RFC 4291 §2.2: eight groups, one run of zeros as `::`, the last two possibly as IPv4. */
function parseIpv6(text: string): Uint8Array | undefined {
  const lastColon = text.lastIndexOf(":");
  const tail = text.slice(lastColon + 1);
  let plain = text;
  if (tail.includes(".")) {
    const v4 = parseIpv4(tail);
    if (v4 === undefined) return undefined;
    const group = (at: number): string => ((v4[at]! << 8) | v4[at + 1]!).toString(16);
    plain = `${text.slice(0, lastColon + 1)}${group(0)}:${group(2)}`;
  }
  const halves = plain.split("::");
  if (halves.length > 2) return undefined;
  const groups = (half: string): string[] => (half === "" ? [] : half.split(":"));
  const before = groups(halves[0]!);
  const after = halves.length === 2 ? groups(halves[1]!) : [];
  const missing = 8 - before.length - after.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const bytes = new Uint8Array(16);
  const all = [...before, ...new Array<string>(missing).fill("0"), ...after];
  for (let i = 0; i < 8; i++) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(all[i]!)) return undefined;
    const value = Number.parseInt(all[i]!, 16);
    bytes[2 * i] = value >> 8;
    bytes[2 * i + 1] = value & 0xff;
  }
  return bytes;
}

/** An address as text; IPv6 with its longest run of zero groups as `::` (RFC 5952 §4). */
function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
  let best = { at: 0, length: 1 };
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && groups[end] === 0) end++;
    if (end - at > best.length) best = { at, length: end - at };
  }
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  if (best.length < 2) return text(groups);
  return `${text(groups.slice(0, best.at))}::${text(groups.slice(best.at + best.length))}`;
}
