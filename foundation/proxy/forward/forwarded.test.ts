import { expect, test } from "bun:test";
import { EDGE_POLICY, type ForwardedClient, type ForwardedMode, forwardedFields } from "./forwarded.ts";

const client: ForwardedClient = { remoteAddress: "192.0.2.7", secure: true, port: 443, host: "shop.test" };
const came: Readonly<Record<string, string>> = {
  "x-forwarded-for": "10.0.0.1",
  "x-forwarded-proto": "ftp",
  "x-forwarded-port": "1",
  "x-forwarded-host": "evil.test",
  forwarded: "for=_hidden",
};
/** As lines. */
const told = (
  ...given: Parameters<typeof forwardedFields> extends [string[], ...infer Rest] ? Rest : never
): string => {
  const fields: string[] = [];
  forwardedFields(fields, ...given);
  return fields.map((text, index) => text + (index % 2 === 0 ? ": " : "\r\n")).join("");
};
const all = (mode: ForwardedMode, received = came, who = client): string =>
  told({ for: mode, proto: mode, port: mode, host: mode, forwarded: mode }, who, (name) => received[name]);

test("each policy, for each field", () => {
  expect(all("append")).toBe(
    "X-Forwarded-For: 10.0.0.1, 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n" +
      "X-Forwarded-Host: shop.test\r\nForwarded: for=_hidden, for=192.0.2.7;proto=https;host=shop.test\r\n",
  );
  expect(all("replace")).toBe(
    "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n" +
      "X-Forwarded-Host: shop.test\r\nForwarded: for=192.0.2.7;proto=https;host=shop.test\r\n",
  );
  expect(all("preserve")).toBe(
    "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: ftp\r\nX-Forwarded-Port: 1\r\n" +
      "X-Forwarded-Host: evil.test\r\nForwarded: for=_hidden\r\n",
  );
  expect(all("remove")).toBe("");
});

test("what did not come, and what is not known, leaves no empty fields", () => {
  expect(all("preserve", {})).toBe("");
  const bare = { ...client, port: undefined, host: "" };
  expect(all("append", { "x-forwarded-for": "" }, bare)).toBe(
    "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nForwarded: for=192.0.2.7;proto=https\r\n",
  );
});

test("addresses and hosts in their forms", () => {
  const forwarded = (remoteAddress: string, host: string): string =>
    told({ ...EDGE_POLICY, forwarded: "replace" }, { ...client, remoteAddress, host }, () => undefined);
  expect(forwarded("2001:db8::1", "h:8080")).toContain('Forwarded: for="[2001:db8::1]";proto=https;host="h:8080"\r\n');
  expect(forwarded("::ffff:192.0.2.1", 'a"\\b')).toContain('Forwarded: for=192.0.2.1;proto=https;host="a\\"\\\\b"\r\n');
  expect(forwarded("::ffff:192.0.2.1", "h")).toContain("X-Forwarded-For: 192.0.2.1\r\n");
});
