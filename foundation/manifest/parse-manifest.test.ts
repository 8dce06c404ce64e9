import { describe, expect, test } from "bun:test";
import { manifestFromJson, manifestHash, normalManifest, parseManifest, processSpec } from "./index.ts";
import type { Manifest } from "./manifest.ts";
import { PROBLEMS_MAX } from "./problem.ts";

const HEAD = 'schema_version = "v1"\napp.name = "shop"\n';
const WEB = '[processes.web]\ncommand = ["./web"]\nresources.memory = "256Mi"\n';

function manifestOf(text: string): Manifest {
  const { manifest, problems } = parseManifest(text);
  if (manifest === undefined) throw new Error(JSON.stringify(problems, undefined, 1));
  return manifest;
}

/** `line:column code path: message` of each problem. */
function problemsOf(text: string): readonly string[] {
  const { problems = [] } = parseManifest(text);
  return problems.map(({ line, column, code, path, message }) => `${line}:${column} ${code} ${path}: ${message}`);
}

describe("a valid manifest", () => {
  test("has its defaults filled in", () => {
    expect(manifestOf(HEAD + WEB)).toEqual({
      schema_version: "v1",
      app: { name: "shop" },
      env: { vars: {}, prestart: [], prestart_timeout_seconds: 30 },
      processes: {
        web: {
          command: ["./web"],
          vars: {},
          prestart: [],
          restart: { policy: "always", backoff_seconds: 2 },
          resources: { memory: "256Mi", cpu: 1, disk: "4Gi" },
          scaling: { min: 1, max: 1 },
          ports: [],
          mounts: [],
          secrets: { required: false },
        },
      },
      volumes: [],
      endpoints: [],
    });
  });

  test("has defaults that follow from other fields", () => {
    const { web } = manifestOf(`${HEAD}${WEB}
      ports = [{ internal = 80 }]
      health = { type = "http" }
      scaling.min = 3
      restart.policy = "on-failure"`).processes;
    expect(web).toMatchObject({
      ports: [{ name: "p80", internal: 80, protocol: "tcp" }],
      health: { type: "http", port: 80, path: "/", interval_seconds: 10, timeout_seconds: 2, grace_period_seconds: 10 },
      scaling: { min: 3, max: 3 },
      restart: { policy: "on-failure", max_retries: 3, backoff_seconds: 2 },
    });
  });

  test("names a port by name or by number", () => {
    const withHealth = (port: string): string =>
      manifestHash(
        manifestOf(`${HEAD}${WEB}
          ports = [{ name = "http", internal = 80 }, { internal = 81 }]
          health = { type = "tcp", port = ${port} }`),
      );
    expect(withHealth('"http"')).toBe(withHealth("80"));
    expect(withHealth('"p81"')).toBe(withHealth("81"));
    expect(withHealth("80")).not.toBe(withHealth("81"));
  });

  test("may have processes and keys with the names of things that every object has", () => {
    const { processes } = manifestOf(`${HEAD}${WEB.replace("web]", "constructor]")}`);
    expect(Object.keys(processes)).toEqual(["constructor"]);
    expect(() => processSpec(manifestOf(HEAD + WEB), "constructor")).toThrow();
  });

  test("begins with a byte order mark, or has the line ends of Windows", () => {
    expect(manifestOf(`\ufeff${HEAD}${WEB}`)).toEqual(manifestOf(HEAD + WEB));
    expect(manifestOf((HEAD + WEB).replaceAll("\n", "\r\n"))).toEqual(manifestOf(HEAD + WEB));
  });

  test("is its own normal form", () => {
    const manifest = manifestOf(HEAD + WEB);
    expect(normalManifest(manifest)).toEqual(manifest);
    expect(manifestFromJson(JSON.parse(JSON.stringify(manifest)))).toEqual({ manifest });
  });
});

describe("the hash", () => {
  test("is of what is meant, not of how it is written", () => {
    const one = manifestOf(`${HEAD}
      [processes.web]
      command = ["./web"]
      resources = { memory = "1024Mi", cpu = 1 }
      mounts = [{ volume = "b", path = "/b" }, { volume = "a", path = "/a" }]
      [[volumes]]
      name = "b"
      size = "1Gi"
      [[volumes]]
      name = "a"
      size = "2Gi"`);
    const other = manifestOf(`
      volumes = [{ size = "2Gi", name = "a", filesystem = "ext4" }, { size = '1Gi', "name" = "b" }]
      processes.web.scaling.max = 1
      processes.web.mounts = [{ path = "/a", volume = "a", read_only = false }, { path = "/b", volume = "b" }]
      processes.web.resources = { cpu = 1.00, memory = "1Gi" }
      processes.web.command = [
        "\\u002E/web", # a dot
      ]
      app = { name = "shop" }
      schema_version = 'v1'`);
    expect(manifestHash(one)).toBe(manifestHash(other));
  });

  test("stays what it is: releases carry it", () => {
    expect(manifestHash(manifestOf(HEAD + WEB))).toBe(
      "39608179b48a70ef6ae14dc026a9021aa45d43386f63fddcda1776e8d852076b",
    );
  });

  test("is another when the first port is another, because that is PORT", () => {
    const withPorts = (...ports: readonly number[]): string =>
      manifestHash(manifestOf(`${HEAD}${WEB}ports = [${ports.map((port) => `{ internal = ${port} }`).join(", ")}]`));
    expect(withPorts(80, 81)).not.toBe(withPorts(81, 80));
  });
});

test("a process overrides the variables of env, and its prestart commands run after those of env", () => {
  const manifest = manifestOf(`${HEAD}
    [env]
    workdir = "/srv"
    user = "app"
    prestart = [["./migrate"]]
    prestart_timeout_seconds = 60
    vars = { Z = "env", A = "env" }
    [processes.web]
    command = ["./web"]
    workdir = "/web"
    prestart = [["./warm", "up"]]
    vars = { A = "web", M = "web" }
    resources = { memory = "256Mi", disk = "2Gi" }`);
  const spec = processSpec(manifest, "web");
  expect(spec).toMatchObject({
    workdir: "/web",
    user: "app",
    prestart: [
      { command: ["./migrate"], timeoutSeconds: 60 },
      { command: ["./warm", "up"], timeoutSeconds: 60 },
    ],
    memoryBytes: 256 * 2 ** 20,
    diskBytes: 2 * 2 ** 30,
  });
  expect(Object.entries(spec.vars)).toEqual([
    ["A", "web"],
    ["M", "web"],
    ["Z", "env"],
  ]);
});

describe("problems", () => {
  test("are all told at once, in the order of the file", () => {
    expect(
      problemsOf(`schema_version = "v2"
[app]
nam = "shop"
[processes.web]
comand = ["x"]
resources = { memory = "32Mi", cpu = 0 }`),
    ).toMatchSnapshot();
  });

  const VOLUME = '[[volumes]]\nname = "data"\nsize = "1Gi"\n';
  const MOUNT = 'mounts = [{ volume = "data", path = "/data" }]\n';
  const PORTS = 'ports = [{ name = "http", internal = 80 }]\n';
  const withWeb = (text: string, after = ""): string => `${HEAD}${WEB}${text}\n${after}`;
  const endpoint = (text: string): string => withWeb(PORTS, `[[endpoints]]\nprocess = "web"\n${text}`);

  test.each([
    ["nothing", ""],
    ["no processes", `${HEAD}processes = {}`],
    ["image and build", `${HEAD}image.ref = "a"\nbuild = {}\n${WEB}`],
    ["a bad image", `${HEAD}image.ref = "Upper/Case:tag"\n${WEB}`],
    ["a dockerfile", `${HEAD}build.dockerfile = "Dockerfile"\n${WEB}`],
    ["a build outside", `${HEAD}build.directory = "../x"\n${WEB}`],
    ["a date", withWeb("vars.DAY = 1979-05-27")],
    ["a number for a text", withWeb("vars.N = 1")],
    ["infinity", withWeb("resources.cpu = inf")],
    ["half a retry", withWeb('restart = { policy = "on-failure", max_retries = 1.5 }')],
    ["an integer beyond numbers", withWeb("scaling.min = 99999999999999999999")],
    ["retries without on-failure", withWeb("restart.max_retries = 1")],
    ["max below min", withWeb("scaling = { min = 2, max = 1 }")],
    ["autoscale", withWeb("scaling.autoscale = true")],
    ["a mount and replicas", withWeb(`${MOUNT}scaling.max = 2`, VOLUME)],
    ["a mount and replicas by min", withWeb(`${MOUNT}scaling.min = 2`, VOLUME)],
    ["an undeclared volume", withWeb(MOUNT)],
    [
      "a shared volume",
      withWeb(MOUNT, `[processes.two]\ncommand = ["x"]\nresources.memory = "64Mi"\n${MOUNT}${VOLUME}`),
    ],
    ["a host mount", withWeb('mounts = [{ host_path = "/etc", volume = "data", path = "/data" }]', VOLUME)],
    ["a mount over /run/secrets", withWeb('mounts = [{ volume = "data", path = "/run/secrets" }]', VOLUME)],
    ["a mount over /", withWeb('mounts = [{ volume = "data", path = "/" }]', VOLUME)],
    ["a mount with ..", withWeb('mounts = [{ volume = "data", path = "/a/../proc" }]', VOLUME)],
    ["a filesystem", withWeb("", `${VOLUME}filesystem = "xfs"`)],
    ["two volumes of a name", withWeb("", VOLUME + VOLUME)],
    ["a secrets path", withWeb('secrets.path = "/etc/secrets"')],
    ["a reserved variable", withWeb('vars.PORT = "1"')],
    ["a variable in small letters", withWeb('vars.path = "1"')],
    ["NUL in a variable", withWeb('vars.X = "a\\u0000b"')],
    ["an escape in a name", withWeb('user = "\\u001b[31mred"')],
    ["UDP", withWeb('ports = [{ internal = 53, protocol = "udp" }]')],
    ["a port twice", withWeb("ports = [{ internal = 80 }, { internal = 80 }]")],
    ["a health port that is none", withWeb(`${PORTS}health = { type = "tcp", port = "htp" }`)],
    ["a health check without ports", withWeb('health = { type = "tcp" }')],
    ["one of several ports", withWeb('ports = [{ internal = 1 }, { internal = 2 }]\nhealth.type = "tcp"')],
    ["a path with tcp", withWeb(`${PORTS}health = { type = "tcp", path = "/" }`)],
    ["memory in GB", withWeb("").replace("256Mi", "1GB")],
    ["too little memory", withWeb("").replace("256Mi", "63Mi")],
    ["no list", withWeb("").replace('["./web"]', '"./web"')],
    ["an empty program", withWeb("").replace('"./web"', '"", "x", ""')],
    ["an empty command", withWeb("").replace('["./web"]', "[]")],
    ["a long name", withWeb("", `[processes.${"a".repeat(33)}]\ncommand = ["x"]\nresources.memory = "64Mi"`)],
    ["an endpoint without hostname", endpoint("")],
    ["a wildcard", endpoint('hostname = "*.example.com"')],
    ["an address", endpoint('hostname = "127.0.0.1"')],
    ["a bare port without a port", endpoint('protocol = "tcp_raw"')],
    ["a closed port", endpoint('protocol = "tcp_raw"\nlisten_port = 25')],
    ["PROXY with HTTP", endpoint('hostname = "a.example"\nproxy_protocol = "v2"')],
    [
      "an endpoint twice",
      endpoint('hostname = "a.example"\n[[endpoints]]\nprocess = "web"\nhostname = "a.example"\npath = "/"'),
    ],
    [
      "HTTP and TLS of a name",
      endpoint(
        'hostname = "a.example"\n[[endpoints]]\nprocess = "web"\nhostname = "a.example"\nprotocol = "tls_passthrough"',
      ),
    ],
    ["an unknown process", endpoint('hostname = "a.example"').replace('process = "web"', 'process = "wbe"')],
    ["no TOML", `${HEAD}x = `],
    ["a key twice", `${HEAD}app.name = "x"`],
    ["a key of the prototype", `${HEAD}__proto__.x = 1\n${WEB}`],
    ["a control character in the text", `${HEAD}# \u0001\n${WEB}`],
    ["half a character", `${HEAD}# ${"é\ud83d"} x\n${WEB}`],
  ])("%s", (_, text) => {
    expect(problemsOf(text)).toMatchSnapshot();
  });

  test("stand where they are in a line with other characters before", () => {
    const text = `${HEAD}app.description = "žluťoučký 🐎"\nprocesses = { web = { vars = { A = "🐎" }, comand = 1 } }`;
    const line = text.split("\n").at(-1)!;
    const { column } = parseManifest(text).problems!.find(({ code }) => code === "E_UNKNOWN_KEY")!;
    expect(line.slice(column! - 1)).toStartWith("comand");
  });

  test("have paths that can be shown, whatever the keys are", () => {
    const { problems } = parseManifest(`"\\u001b[31m" = 1\n"a.b" = 2\n${"x".repeat(500)} = 3`);
    expect(problems!.map(({ path }) => path).filter((path) => /[^ -~…]/.test(path) || path.length > 80)).toEqual([]);
  });

  test("are limited", () => {
    const text = Array.from({ length: 5000 }, (_, index) => `k${index} = 1`).join("\n");
    const { problems } = parseManifest(text);
    expect(problems).toHaveLength(PROBLEMS_MAX + 1);
    expect(problems!.at(-1)).toEqual({
      code: "E_TOO_MANY_PROBLEMS",
      path: "",
      message: `${5000 + 3 - PROBLEMS_MAX} more problems are not shown.`,
    });
  });
});

describe("JSON", () => {
  test("is held to the same rules, without places", () => {
    const process = { command: ["x"], resources: { memory: "1Mi" } };
    expect(manifestFromJson({ schema_version: "v1", app: { name: "a" }, processes: { web: process } })).toEqual({
      problems: [
        {
          code: "E_RANGE",
          path: "processes.web.resources.memory",
          message: 'must be a size such as "256Mi" or "2Gi", from 64Mi to 1024Gi, not "1Mi".',
        },
      ],
    });
  });

  test.each([[null], [[]], ["x"], [1], [undefined], [new Map()]])("%p is none", (value) => {
    expect(manifestFromJson(value).problems).toBeArray();
  });

  test("does not take null for a missing field, nor a key of the prototype for a field", () => {
    const hostile = JSON.parse(
      '{"schema_version":"v1","app":{"name":"a","description":null},"__proto__":{"processes":{}}}',
    );
    expect(manifestFromJson(hostile).problems!.map(({ code, path }) => `${code} ${path}`)).toEqual([
      "E_UNKNOWN_KEY __proto__",
      "E_TYPE app.description",
      "E_MISSING processes",
    ]);
  });

  test("is refused when it is too large for a release", () => {
    const vars = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`V${index}`, "x".repeat(8000)]));
    const process = { command: ["x"], resources: { memory: "64Mi" }, vars };
    const { problems } = manifestFromJson({ schema_version: "v1", app: { name: "a" }, processes: { web: process } });
    expect(problems).toMatchObject([{ code: "E_TOO_LARGE" }]);
  });
});
