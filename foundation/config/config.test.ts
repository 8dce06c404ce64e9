import { describe, expect, test } from "bun:test";
import {
  ConfigError,
  defineConfig,
  duration,
  flag,
  httpUrl,
  integer,
  list,
  loadConfig,
  oneOf,
  port,
  size,
  text,
} from "./index.ts";

const schema = defineConfig({
  apiPort: { parse: port, default: 4580, help: "Port of the REST API." },
  dataDir: { parse: text(/^\//, "an absolute path"), help: "Where state is kept." },
  verbose: { parse: flag, default: false, help: "More lines." },
  masterKey: { parse: text(/^[0-9a-f]{64}$/, "64 hex digits"), default: "", help: "Key.", secret: true },
});

describe("loadConfig", () => {
  test("flags win over the environment, the environment over the file, the file over defaults", () => {
    const file = { path: "/etc/biplane.json", settings: { apiPort: 1, dataDir: "/file", verbose: true } };
    const environment = { BIPLANE_API_PORT: "2", BIPLANE_DATA_DIR: "/env", BIPLANE_OTHER: "x", PATH: "/bin" };
    expect(loadConfig(schema, { file, environment, flags: { "api-port": "3" } })).toEqual({
      apiPort: 3,
      dataDir: "/env",
      verbose: true,
      masterKey: "",
    });
    expect(loadConfig(schema, { flags: { "data-dir": "/d", verbose: true } })).toMatchObject({
      apiPort: 4580,
      verbose: true,
    });
    expect(loadConfig(schema, { file, environment: { BIPLANE_API_PORT: "" } }).apiPort).toBe(1);
  });

  test("every problem names the key, the value, the source and what is allowed; secrets stay hidden", () => {
    let problems: readonly string[] = [];
    try {
      loadConfig(schema, {
        environment: { BIPLANE_API_PORT: "http", BIPLANE_MASTER_KEY: "hunter2" },
        file: { path: "c.json", settings: { verbose: "perhaps", colour: "red" } },
        flags: { porto: "1" },
      });
    } catch (error) {
      if (error instanceof ConfigError) problems = error.problems;
    }
    expect(problems).toEqual([
      'BIPLANE_API_PORT is "http"; allowed: a whole number from 0 to 65535.',
      "dataDir is not set; give --data-dir or BIPLANE_DATA_DIR.",
      'verbose in c.json is "perhaps"; allowed: true or false.',
      "BIPLANE_MASTER_KEY is (not shown); allowed: 64 hex digits.",
      "--porto is not known; allowed: --api-port, --data-dir, --verbose, --master-key.",
      "colour in c.json is not known; allowed: apiPort, dataDir, verbose, masterKey.",
    ]);
  });
});

describe("parsers", () => {
  test.each([
    ["250ms", 250],
    ["5s", 5000],
    ["1m30s", 90_000],
    ["1.5h", 5_400_000],
    ["7d", 604_800_000],
  ])("duration %p", (given, value) => {
    expect(duration(given)).toEqual({ ok: true, value });
  });

  test.each(["5", "", "s", "-5s", "5 s", "1e3s", "5w"])("duration refuses %p", (given) => {
    expect(duration(given).ok).toBe(false);
  });

  test.each([
    ["4096", 4096],
    ["64k", 65_536],
    ["64KiB", 65_536],
    ["10MB", 10_000_000],
    ["1.5 GiB", 1_610_612_736],
    ["2t", 2 ** 41],
  ])("size %p", (given, value) => {
    expect(size(given)).toEqual({ ok: true, value });
  });

  test.each(["", "-1", "1x", "k", "1..5k", "99999999999999t"])("size refuses %p", (given) => {
    expect(size(given).ok).toBe(false);
  });

  test("the others", () => {
    expect([port("0"), port("65535")].every((parsed) => parsed.ok)).toBe(true);
    expect([port("65536"), port("-1"), port("1.5"), port(""), port(" 1")].some((parsed) => parsed.ok)).toBe(false);
    expect(integer(1, 3)("4")).toEqual({ ok: false, allowed: "a whole number from 1 to 3" });
    expect(oneOf("a", "b")("c")).toEqual({ ok: false, allowed: "a, b" });
    expect(list(port)("1, 2,,3")).toEqual({ ok: true, value: [1, 2, 3] });
    expect(list(port)("1,x").ok).toBe(false);
    expect(httpUrl("https://x/")).toEqual({ ok: true, value: "https://x" });
    expect(httpUrl("ftp://x").ok).toBe(false);
    expect(flag("On")).toEqual({ ok: true, value: true });
  });
});
