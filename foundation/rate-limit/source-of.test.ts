import { expect, test } from "bun:test";
import { sourceOf } from "./source-of.ts";

test("sourceOf() is the address in IPv4 and the network in IPv6, in one spelling each", () => {
  const cases: readonly (readonly [address: string, source: string])[] = [
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::ffff:c000:207", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002::9", "2001:db8:1:2::/64"],
    ["::1", "0:0:0:0::/64"],
    ["unix socket", "unix socket"],
    ["", ""],
  ];
  for (const [address, source] of cases) expect(sourceOf(address)).toBe(source);
});
