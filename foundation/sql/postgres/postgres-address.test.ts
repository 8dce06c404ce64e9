import { describe, expect, test } from "bun:test";
import { describeAddress, parsePostgresUrl } from "./postgres-address.ts";
import { PostgresError } from "./postgres-error.ts";

describe("parsePostgresUrl()", () => {
  test("reads every part", () => {
    expect(
      parsePostgresUrl("postgres://ad%40a:p%2Fw%20d@db.example:6543/bi%2Dplane?sslmode=require&sslrootcert=%2Fca.pem"),
    ).toEqual({
      host: "db.example",
      port: 6543,
      user: "ad@a",
      password: "p/w d",
      database: "bi-plane",
      tls: "encrypted",
      certificates: "/ca.pem",
    });
  });

  test.each([
    ["postgres://u:p@db.example/d", "verified"],
    ["postgresql://u:p@10.0.0.7/d", "verified"],
    ["postgres://u:p@db.example/d?sslmode=disable", "none"],
    ["postgres://u:p@localhost/d", "none"],
    ["postgres://u:p@127.0.0.5/d", "none"],
    ["postgres://u:p@[::1]/d", "none"],
    ["postgres://u@localhost/d?host=/var/run/postgresql", "none"],
    ["postgres://u:p@localhost/d?sslmode=verify-full", "verified"],
    ["postgres://u:p@127.0.0.1.example/d", "verified"],
  ])("%s has TLS: %s", (url, tls) => {
    expect(parsePostgresUrl(url).tls).toBe(tls as "none");
  });

  test.each([
    "not a url with hunter2",
    "mysql://u:hunter2@h/d",
    "postgres://u:hunter2@h",
    "postgres://u:hunter2@h/",
    "postgres://u:hunter2@h/a/b",
    "postgres://:hunter2@h/d",
    "postgres://u:hunter2@h:0/d",
    "postgres://u:hunter2@h:99999/d",
    "postgres://u:hunter2%zz@h/d",
    "postgres://u:hunter2@h/d?sslmode=prefer",
    "postgres://u:hunter2@h/d?password=hunter2",
    "postgres://u:hunter2@h/d?host=elsewhere",
    "postgres://u:hunter2@h/d?sslmode=constructor",
  ])("refuses %s, and says nothing secret", (url) => {
    let thrown: unknown;
    try {
      parsePostgresUrl(url);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(PostgresError);
    expect(thrown).toMatchObject({ code: "AddressInvalid" });
    expect(Bun.inspect(thrown)).not.toContain("hunter2");
  });
});

test("describeAddress() says nothing secret", () => {
  const address = parsePostgresUrl("postgres://ada:hunter2@[::1]:7/d");
  expect(describeAddress(address)).toBe('database "d" at [::1]:7 (as ada)');
});
