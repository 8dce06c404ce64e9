import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { encodeProxyHeader, type ProxyHeader, parseProxyHeader } from "./proxy-protocol.ts";

const parse = (text: string): ReturnType<typeof parseProxyHeader> => parseProxyHeader(Buffer.from(text, "latin1"));
const SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";

describe("version 1", () => {
  test("the examples of the specification", () => {
    const line = "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n";
    expect(parse(`${line}GET / HTTP/1.1\r\n`)).toEqual({
      kind: "header",
      length: line.length,
      header: {
        version: 1,
        tlvs: [],
        addresses: {
          family: "ipv4",
          sourceAddress: "192.168.0.1",
          sourcePort: 56_324,
          destinationAddress: "192.168.0.11",
          destinationPort: 443,
        },
      },
    });
    const full = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    expect(parse(`PROXY TCP6 ${full} ${full} 65535 65535\r\n`).kind).toBe("header");
    for (const unknown of ["PROXY UNKNOWN\r\n", `PROXY UNKNOWN ${full} ${full} 65535 65535\r\n`]) {
      expect(parse(unknown)).toMatchObject({ length: unknown.length, header: { addresses: undefined } });
    }
  });

  test.each([
    ["another beginning", "GET / HTTP/1.1\r\n"],
    ["lower case", "proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n"],
    ["two spaces", "PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n"],
    ["another protocol", "PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n"],
    ["UNKNOWN with something behind it", "PROXY UNKNOWNX\r\n"],
    ["a name", "PROXY TCP4 localhost 1.2.3.4 1 2\r\n"],
    ["an address of the other family", "PROXY TCP4 ::1 ::1 1 2\r\n"],
    ["leading zeros", "PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n"],
    ["256", "PROXY TCP4 256.2.3.4 1.2.3.4 1 2\r\n"],
    ["three numbers", "PROXY TCP4 2.3.4 1.2.3.4 1 2\r\n"],
    ["two runs of zeros", "PROXY TCP6 ::1::2 ::1 1 2\r\n"],
    ["nine groups", "PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 1 2\r\n"],
    ["seven groups", "PROXY TCP6 1:2:3:4:5:6:7 ::1 1 2\r\n"],
    ["a group of five digits", "PROXY TCP6 12345::1 ::1 1 2\r\n"],
    ["a port beyond 65535", "PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n"],
    ["a port with a leading zero", "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n"],
    ["a sign", "PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n"],
    ["no ports", "PROXY TCP4 1.2.3.4 1.2.3.4\r\n"],
    ["something behind the ports", "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n"],
    ["LF alone", `PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n${"x".repeat(100)}`],
    ["a line without end", `PROXY UNKNOWN ${"x".repeat(200)}`],
  ])("%s is refused", (_name, text) => {
    expect(parse(text).kind).toBe("malformed");
  });
});

describe("version 2", () => {
  const header = (command: number, family: number, block: string): string =>
    SIGNATURE + String.fromCharCode(command, family, block.length >> 8, block.length & 0xff) + block;
  const v4 = "\x01\x02\x03\x04\x05\x06\x07\x08\x00\x50\x01\xbb";

  test("addresses and values; the rest belongs to the connection", () => {
    const bytes = header(0x21, 0x11, `${v4}\x01\x00\x02h2\xea\x00\x01x`);
    expect(parse(`${bytes}GET`)).toEqual({
      kind: "header",
      length: bytes.length,
      header: {
        version: 2,
        addresses: {
          family: "ipv4",
          sourceAddress: "1.2.3.4",
          sourcePort: 80,
          destinationAddress: "5.6.7.8",
          destinationPort: 443,
        },
        tlvs: [
          { type: 1, value: Uint8Array.from(Buffer.from("h2")) },
          { type: 0xea, value: Uint8Array.from(Buffer.from("x")) },
        ],
      },
    });
  });

  test("LOCAL, unknown families, datagrams and sockets of a file system are skipped", () => {
    for (const [command, family, block] of [
      [0x20, 0x00, ""],
      [0x20, 0x11, v4],
      [0x20, 0x11, "odd"],
      [0x21, 0x00, "anything"],
      [0x21, 0x12, v4],
      [0x21, 0x31, "p".repeat(216)],
    ] as const) {
      const text = header(command, family, block);
      expect(parse(text)).toMatchObject({ kind: "header", length: text.length, header: { addresses: undefined } });
    }
  });

  test.each([
    ["another signature", `\r\n\r\n\0\r\nQUIX\n${"\0".repeat(20)}`],
    ["version 1 in binary", header(0x11, 0x11, v4)],
    ["an unknown command", header(0x22, 0x11, v4)],
    ["an unknown family", header(0x21, 0x41, v4)],
    ["an unknown transport", header(0x21, 0x13, v4)],
    ["too short for its addresses", header(0x21, 0x11, v4.slice(1))],
    ["a value that goes beyond the header", header(0x21, 0x11, `${v4}\x01\x00\x09h2`)],
    ["a value without a length", header(0x21, 0x11, `${v4}\x01\x00`)],
    ["longer than anybody sends", `${SIGNATURE}\x21\x11\xff\xff`],
  ])("%s is refused", (_name, text) => {
    expect(parse(text).kind).toBe("malformed");
  });
});

const address = fc.oneof(
  fc.record({ family: fc.constant("ipv4" as const), source: fc.ipV4(), destination: fc.ipV4() }),
  fc.record({ family: fc.constant("ipv6" as const), source: fc.ipV6(), destination: fc.ipV6() }),
);
const port = fc.nat(65_535);
const anyHeader = fc
  .tuple(
    fc.constantFrom(1 as const, 2 as const),
    fc.option(address),
    port,
    port,
    fc.array(fc.uint8Array({ maxLength: 40 })),
  )
  .map(([version, ends, sourcePort, destinationPort, values]): ProxyHeader => {
    const addresses = ends
      ? {
          family: ends.family,
          sourceAddress: ends.source,
          sourcePort,
          destinationAddress: ends.destination,
          destinationPort,
        }
      : undefined;
    return { version, addresses, tlvs: version === 1 ? [] : values.map((value, type) => ({ type, value })) };
  });

test("what is written is read again, and not before it is whole", () => {
  fc.assert(
    fc.property(anyHeader, fc.string(), (header, behind) => {
      const bytes = Buffer.from(encodeProxyHeader(header));
      const outcome = parseProxyHeader(Buffer.concat([bytes, Buffer.from(behind)]));
      if (outcome.kind !== "header") throw new Error(outcome.kind);
      expect(outcome.length).toBe(bytes.length);
      // Addresses have several forms: the same bytes come out again.
      expect(Buffer.from(encodeProxyHeader(outcome.header))).toHaveLength(bytes.length);
      expect(outcome.header.tlvs).toEqual(header.tlvs);
      expect(outcome.header.addresses?.sourcePort).toBe(header.addresses?.sourcePort);
      if (header.version === 2) expect(Buffer.from(encodeProxyHeader(outcome.header)).equals(bytes)).toBe(true);
      for (let cut = 0; cut < bytes.length; cut++) expect(parseProxyHeader(bytes.subarray(0, cut)).kind).toBe("more");
    }),
    { numRuns: 100 },
  );
});

test("whatever comes is read, refused or waited for, never for ever", () => {
  const begun = fc.constantFrom("", "PROXY TCP4 ", SIGNATURE, `${SIGNATURE}\x21\x11`, `${SIGNATURE}\x21\x21\x00\x30`);
  fc.assert(
    fc.property(begun, fc.uint8Array({ maxLength: 300 }), (begin, rest) => {
      const bytes = Buffer.concat([Buffer.from(begin, "latin1"), rest]);
      const outcome = parseProxyHeader(bytes);
      if (outcome.kind === "header") expect(outcome.length).toBeLessThanOrEqual(bytes.length);
      if (outcome.kind === "more") expect(bytes.length).toBeLessThan(16 + 4096);
    }),
    { numRuns: 500 },
  );
});
