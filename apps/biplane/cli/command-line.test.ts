/** The command line as a user meets it: a program with arguments, output and an exit code. No cloud runs. */
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveHttp } from "#foundation/http";
import { PROGRAM } from "../../../tests/support/cloud.ts";
import { credentialsPath, endpointsPath, writeCredentials, writeEndpoints } from "../state/index.ts";

const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});
function newData(): string {
  const directory = mkdtempSync(join(tmpdir(), "biplane-cli-"));
  directories.push(directory);
  return directory;
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const child = Bun.spawn([...PROGRAM, ...args], {
    stdout: "pipe",
    stderr: "pipe",
    // Nothing of the developer's own cloud.
    env: { PATH: process.env.PATH ?? "", HOME: newData(), BIPLANE_DATA: newData(), ...environment },
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, out, err };
}

const credentials = {
  accessKeyId: "AKIAEXAMPLE000000000",
  secretAccessKey: 'it\'s "quoted" $HOME `id` \\',
  accountId: "000000000001",
  region: "us-east-1",
  apiToken: "bpa_token",
  joinToken: "bpj_token",
};
const endpoints = {
  role: "up",
  pid: process.pid,
  startedAt: 1,
  version: "0.1.0",
  awsEndpointUrl: "http://127.0.0.1:4566",
  apiUrl: "http://127.0.0.1:4580",
} as const;

describe("usage", () => {
  test("without arguments and with --help: help on standard output", async () => {
    for (const args of [[], ["--help"], ["help"], ["-h"]]) {
      const ran = await run(args);
      expect([ran.code, ran.err, ran.out.includes("Usage: biplane COMMAND")]).toEqual([0, "", true]);
    }
    expect((await run(["help", "buckets", "create"])).out).toContain("Usage: biplane buckets create NAME");
    expect((await run(["buckets", "create", "--help"])).out).toContain("Usage: biplane buckets create NAME");
  });

  test("a group without a command: help as a complaint", async () => {
    const ran = await run(["buckets"]);
    expect([ran.code, ran.out, ran.err.includes("Usage: biplane buckets COMMAND")]).toEqual([2, "", true]);
  });

  test.each([
    [["bukcets"], 'Did you mean "biplane buckets"?'],
    [["env", "--jsn"], "Did you mean --json?"],
    [["buckets", "create"], "NAME is missing."],
    [["up", "--port", "http"], "--port must be a port from 0"],
    [["up", "--port", "65536"], "--port must be a port from 0"],
    [["up", "--log-level", "loud"], "--log-level must be one of"],
    [["up", "--region", "; rm -rf /"], "--region must look like us-east-1"],
    [["node", "--control-plane", "ftp://x"], "--control-plane must be an http or https URL"],
    [["node"], "Which control plane?"],
    [["env", "--shell", "cmd.exe"], "--shell must be one of sh, fish"],
    [["status", "--endpoint", "nonsense"], "--endpoint must be an http or https URL"],
    [["status", "--endpoint", "http://x/path"], "without path"],
    [["events", "tail", "--after", "-1"], "--after needs a value"],
    [["events", "tail", "--after=abc"], "--after must be a whole number"],
    [["buckets", "cp", "a", "b"], "Neither side is in a bucket."],
    [["buckets", "cp", "s3://b", "x"], "does not name an object"],
    [["buckets", "rm", "b/k"], "Write s3://BUCKET/KEY."],
    [["buckets", "presign", "s3://b/k", "--expires", "8d"], "--expires must be from 1s to 7d"],
    [["keys", "delete", "nonsense"], "is not an access key id"],
    [["users", "create", "ada", "--account", "12"], "An account id has twelve digits"],
    [["completion", "bahs"], "Did you mean bash?"],
  ])("%j is refused with 2", async (args, words) => {
    const ran = await run(args);
    expect([ran.code, ran.out]).toEqual([2, ""]);
    expect(ran.err).toContain(words);
    expect(ran.err.startsWith("biplane: ")).toBe(true);
  });

  test("with --json mistakes are an object on standard output", async () => {
    const ran = await run(["buckets", "craete", "--json"]);
    expect(ran.code).toBe(2);
    expect(JSON.parse(ran.out)).toEqual({
      error: {
        code: "USAGE",
        message: 'There is no command "biplane buckets craete".\nDid you mean "biplane buckets create"?',
        retryable: false,
      },
    });
  });
});

describe("version", () => {
  test("in three forms", async () => {
    const [plain, json, flag] = await Promise.all([run(["version"]), run(["version", "--json"]), run(["--version"])]);
    const { version, bun } = JSON.parse(json.out) as { readonly version: string; readonly bun: string };
    expect(flag.out).toBe(`${version}\n`);
    expect(plain.out).toStartWith(`biplane ${version} (bun ${bun}`);
  });
});

describe("env", () => {
  test("prints what a shell takes back exactly as it was", async () => {
    const data = newData();
    writeCredentials(data, credentials);
    writeEndpoints(data, endpoints);
    const ran = await run(["env", "--data", data]);
    expect([ran.code, ran.err]).toEqual([0, ""]);
    const names = [
      "AWS_ENDPOINT_URL",
      "AWS_ACCESS_KEY_ID",
      "AWS_SECRET_ACCESS_KEY",
      "AWS_REGION",
      "AWS_DEFAULT_REGION",
      "BIPLANE_TOKEN",
      "BIPLANE_API_URL",
    ];
    const script = `${ran.out}\nprintf '%s\\n' ${names.map((name) => `"$${name}"`).join(" ")}`;
    const evaluated = Bun.spawnSync(["sh", "-c", script], { env: {} }).stdout.toString().trimEnd().split("\n");
    const json = JSON.parse((await run(["env", "--json", "--data", data])).out) as Record<string, string>;
    expect(evaluated).toEqual([
      endpoints.awsEndpointUrl,
      credentials.accessKeyId,
      credentials.secretAccessKey,
      credentials.region,
      credentials.region,
      credentials.apiToken,
      endpoints.apiUrl,
    ]);
    expect(names.map((name) => json[name])).toEqual(evaluated);
    expect((await run(["env", "--shell", "fish", "--data", data])).out).toContain("set -gx AWS_ACCESS_KEY_ID 'AKIA");
  });

  test("of a cloud that does not run: 6, and nothing to evaluate", async () => {
    const never = await run(["env"]);
    expect([never.code, never.out, never.err.includes("biplane up")]).toEqual([6, "", true]);
    const data = newData();
    writeCredentials(data, credentials);
    const child = Bun.spawnSync(["true"]);
    writeEndpoints(data, { ...endpoints, pid: child.pid });
    expect((await run(["env", "--data", data])).code).toBe(6);
    const json = await run(["env", "--json", "--data", data]);
    expect([json.code, JSON.parse(json.out).error.code]).toEqual([6, "NOT_RUNNING"]);
  });

  test("does not trust a file left behind by a process whose id is someone else's now", async () => {
    const data = newData();
    mkdirSync(join(data, "run"));
    writeFileSync(endpointsPath(data, "up"), JSON.stringify({ ...endpoints, processIdentity: "another boot" }));
    expect((await run(["env", "--data", data])).code).toBe(6);
  });

  test.each([
    ["not JSON", "{"],
    ["a list", "[]"],
    ["a hostile URL", JSON.stringify({ ...endpoints, awsEndpointUrl: "http://127.0.0.1/'; rm -rf ~ #" })],
    ["a binary", "\u0000\u0001\u0002"],
  ])("refuses an endpoint file that is %s", async (_, text) => {
    const data = newData();
    mkdirSync(join(data, "run"));
    writeFileSync(endpointsPath(data, "up"), text);
    const ran = await run(["env", "--data", data]);
    expect([ran.code, ran.out]).toEqual([1, ""]);
    expect(ran.err).toContain("endpoints.json");
  });

  test("refuses credentials that are damaged", async () => {
    const data = newData();
    writeEndpoints(data, endpoints);
    writeFileSync(credentialsPath(data), '{"accessKeyId": "x"}');
    const ran = await run(["env", "--data", data]);
    expect([ran.code, ran.out, ran.err.includes("credentials.json")]).toEqual([1, "", true]);
  });
});

describe("exit codes", () => {
  test("3 without credentials, 6 when nobody answers", async () => {
    expect((await run(["status", "--endpoint", "http://127.0.0.1:9"])).code).toBe(3);
    expect((await run(["status", "--endpoint", "http://127.0.0.1:9"], { BIPLANE_TOKEN: "t" })).code).toBe(6);
    expect((await run(["buckets", "list", "--endpoint", "http://127.0.0.1:9"])).code).toBe(3);
    const keys = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "s" };
    const json = await run(["buckets", "list", "--json", "--endpoint", "http://127.0.0.1:9"], keys);
    expect([json.code, JSON.parse(json.out).error]).toEqual([
      6,
      expect.objectContaining({ code: "UNREACHABLE", retryable: true }),
    ]);
  });

  test.each([
    [401, "UNAUTHENTICATED", 3],
    [404, "NoSuchUser", 4],
    [409, "UserAlreadyExists", 5],
    [400, "ValidationFailed", 1],
    [503, "TOO_MANY_FOLLOWERS", 6],
    [500, "INTERNAL", 7],
  ])("a problem %d %s ends with %d", async (status, code, exit) => {
    const server = await serveHttp({
      port: 0,
      handler: () => ({
        status,
        headers: [["content-type", "application/problem+json"]],
        body: JSON.stringify({ status, code, title: "t", detail: "The detail." }),
      }),
    });
    try {
      const ran = await run(["accounts", "list", "--json", "--endpoint", server.url], { BIPLANE_TOKEN: "t" });
      expect([ran.code, JSON.parse(ran.out).error.code, ran.err]).toEqual([exit, code, "biplane: The detail.\n"]);
    } finally {
      await server.close(0);
    }
  });

  test.each([
    ["404 NoSuchBucket", 4],
    ["403 AccessDenied", 3],
    ["409 BucketNotEmpty", 5],
    ["503 SlowDown", 6],
    ["500 InternalError", 7],
    ["400 InvalidBucketName", 1],
  ])("S3's %s ends with %d", async (answer, exit) => {
    const [status, code] = answer.split(" ");
    const server = await serveHttp({
      port: 0,
      handler: () => ({
        status: Number(status),
        body: `<Error><Code>${code}</Code><Message>It is so.</Message></Error>`,
      }),
    });
    try {
      const keys = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "s" };
      const ran = await run(["buckets", "delete", "b", "--json", "--endpoint", server.url], keys);
      expect([ran.code, JSON.parse(ran.out).error.code, ran.err]).toEqual([exit, code!, "biplane: b: It is so.\n"]);
    } finally {
      await server.close(0);
    }
  });

  test("a server cannot speak to the terminal", async () => {
    const body = "<Error><Code>Bad\u001b[31m</Code><Message>&#27;[2Jgone&#8238;</Message></Error>";
    const server = await serveHttp({ port: 0, handler: () => ({ status: 400, body }) });
    try {
      const keys = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "s" };
      const ran = await run(["buckets", "rm", "s3://b/k\u001b[1m", "--json", "--endpoint", server.url], keys);
      expect(ran.code).toBe(1);
      expect(ran.err).not.toContain("\u001b");
      expect(ran.out).not.toContain("\u001b");
    } finally {
      await server.close(0);
    }
  });

  test("an answer that is no answer is not believed", async () => {
    const server = await serveHttp({
      port: 0,
      handler: () => ({ status: 200, body: "<html>welcome to the wifi</html>" }),
    });
    try {
      const ran = await run(["accounts", "list", "--endpoint", server.url], { BIPLANE_TOKEN: "t" });
      expect([ran.code > 0, ran.out]).toEqual([true, ""]);
    } finally {
      await server.close(0);
    }
  });
});

describe("doctor", () => {
  test("finds a healthy machine healthy, in text and JSON", async () => {
    const json = await run(["doctor", "--json", "--port", "0", "--api-port", "0"]);
    const { healthy, findings } = JSON.parse(json.out) as {
      readonly healthy: boolean;
      readonly findings: readonly { readonly name: string; readonly level: string }[];
    };
    expect([json.code, healthy]).toEqual([0, true]);
    expect(findings.map((finding) => finding.name)).toEqual(
      expect.arrayContaining(["runtime", "open files", "disk sync", "disk space"]),
    );
    expect((await run(["doctor", "--no-color"])).out).toMatch(/^ok\s+runtime/m);
  });

  test("says what to do about a damaged or open file", async () => {
    const data = newData();
    writeCredentials(data, credentials);
    chmodSync(credentialsPath(data), 0o644);
    mkdirSync(join(data, "run"));
    writeFileSync(endpointsPath(data, "up"), "{");
    const ran = await run(["doctor", "--data", data]);
    expect(ran.code).toBe(1);
    expect(ran.out).toContain("chmod 600");
    expect(ran.out).toContain("the next start writes it anew");
  });
});

test("a reader that has gone away ends the program quietly", () => {
  const pipe = join(newData(), "pipe");
  // Descriptor 4 writes to a pipe whose only reader, descriptor 3, is closed.
  const script = `mkfifo "${pipe}" && exec 3<>"${pipe}" && exec 4>"${pipe}" && exec 3<&- && ${PROGRAM.map((word) => `"${word}"`).join(" ")} completion bash >&4`;
  const ran = Bun.spawnSync(["bash", "-c", script]);
  expect([ran.exitCode, ran.stderr.toString()]).toEqual([0, ""]);
});
