import { afterEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Credentials,
  claimDataDirectory,
  credentialsPath,
  DataDirectoryInUse,
  type Endpoints,
  endpointsPath,
  readCredentials,
  readEndpoints,
  removeEndpoints,
  resolveDataDirectory,
  StateFileInvalid,
  writeCredentials,
  writeEndpoints,
} from "./index.ts";

const directories: string[] = [];
function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "biplane-state-"));
  directories.push(directory);
  return directory;
}
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

const credentials: Credentials = {
  accessKeyId: "AKIAEXAMPLE000000000",
  secretAccessKey: "secret'with\"quotes",
  accountId: "000000000001",
  region: "us-east-1",
  apiToken: "bpt_x",
  joinToken: "bpj_x",
};

function endpoints(role: Endpoints["role"], pid: number): Endpoints {
  return { role, pid, startedAt: 1_700_000_000_000, version: "0.1.0", awsEndpointUrl: "http://127.0.0.1:4566" };
}

describe("credentials", () => {
  test("are read back as written, from a file that only its owner can read", () => {
    const data = join(temporaryDirectory(), "new");
    writeCredentials(data, credentials);
    expect(readCredentials(data)).toEqual(credentials);
    expect(statSync(credentialsPath(data)).mode & 0o777).toBe(0o600);
    expect(readdirSync(data)).toEqual(["credentials.json"]);
  });

  test("replacing a file that was made readable closes it again", () => {
    const data = temporaryDirectory();
    writeCredentials(data, credentials);
    chmodSync(credentialsPath(data), 0o644);
    writeCredentials(data, credentials);
    expect(statSync(credentialsPath(data)).mode & 0o777).toBe(0o600);
  });

  test("are undefined where nothing was ever started", () => {
    expect(readCredentials(join(temporaryDirectory(), "absent"))).toBeUndefined();
  });

  test.each([["not json"], ["[]"], ["null"], ['{"accessKeyId": 5}'], ["{}"]])("refuses %s", (text) => {
    const data = temporaryDirectory();
    writeFileSync(credentialsPath(data), text);
    expect(() => readCredentials(data)).toThrow(StateFileInvalid);
  });
});

describe("endpoints", () => {
  test("of a live process are running, of a dead one are not", () => {
    const data = temporaryDirectory();
    writeEndpoints(data, endpoints("up", process.pid));
    expect(readEndpoints(data)).toEqual([{ ...endpoints("up", process.pid), apiUrl: undefined, running: true }]);

    const child = Bun.spawnSync(["true"]);
    writeEndpoints(data, endpoints("up", child.pid));
    expect(readEndpoints(data)[0]?.running).toBe(false);
  });

  test("of a dead process whose id someone else has now are not running", () => {
    const data = temporaryDirectory();
    mkdirSync(join(data, "run"));
    const file = { ...endpoints("up", process.pid), processIdentity: "another-boot:1" };
    writeFileSync(endpointsPath(data, "up"), JSON.stringify(file));
    expect(readEndpoints(data)[0]?.running).toBe(false);
  });

  test("control plane and data plane may stand side by side", () => {
    const data = temporaryDirectory();
    writeEndpoints(data, endpoints("node", process.pid));
    writeEndpoints(data, endpoints("control", process.pid));
    expect(readEndpoints(data).map((found) => found.role)).toEqual(["control", "node"]);
  });

  test("are removed by the process that wrote them and by no other", () => {
    const data = temporaryDirectory();
    writeEndpoints(data, endpoints("up", process.pid));
    removeEndpoints(data, "up", process.pid + 1);
    expect(existsSync(endpointsPath(data, "up"))).toBe(true);
    removeEndpoints(data, "up", process.pid);
    expect(existsSync(endpointsPath(data, "up"))).toBe(false);
    removeEndpoints(data, "up", process.pid);
  });

  test.each([
    [{ pid: "1" }],
    [{ pid: -1 }],
    [{ pid: 1.5 }],
    [{ awsEndpointUrl: "javascript:alert(1)" }],
    [{ awsEndpointUrl: "http://127.0.0.1:4566/; rm -rf" }],
    [{ awsEndpointUrl: 5 }],
    [{ version: undefined }],
  ])("refuses %j", (change) => {
    const data = temporaryDirectory();
    mkdirSync(join(data, "run"));
    writeFileSync(endpointsPath(data, "up"), JSON.stringify({ ...endpoints("up", process.pid), ...change }));
    expect(() => readEndpoints(data)).toThrow(StateFileInvalid);
  });
});

describe("data directory", () => {
  const root = temporaryDirectory;

  test("the flag wins over the environment, the environment over the default", () => {
    const clone = root();
    writeFileSync(join(clone, "package.json"), "{}");
    expect(resolveDataDirectory({ data: "/a" }, { BIPLANE_DATA: "/b" }, clone)).toBe("/a");
    expect(resolveDataDirectory({}, { BIPLANE_DATA: "/b" }, clone)).toBe("/b");
    expect(resolveDataDirectory({}, { BIPLANE_DATA: "" }, clone)).toBe(join(clone, ".biplane"));
    expect(resolveDataDirectory({ data: "relative" }, {}, clone)).toBe(join(process.cwd(), "relative"));
  });

  test("an executable or an installed package keeps its data at home", () => {
    expect(resolveDataDirectory({}, { HOME: "/home/x" }, "/$bunfs/root")).toBe("/home/x/.biplane");
    const installed = join(root(), "node_modules", "biplane");
    mkdirSync(installed, { recursive: true });
    writeFileSync(join(installed, "package.json"), "{}");
    expect(resolveDataDirectory({}, { HOME: "/home/x" }, installed)).toBe("/home/x/.biplane");
    expect(() => resolveDataDirectory({}, {}, "/$bunfs/root")).toThrow("--data");
  });
});

describe("claim", () => {
  test("excludes a second process and ends with the first", () => {
    const data = join(temporaryDirectory(), "data");
    const tryFromChild = () =>
      Bun.spawnSync([
        process.execPath,
        "-e",
        `import { claimDataDirectory } from ${JSON.stringify(join(import.meta.dir, "claim.ts"))};
         try { claimDataDirectory(${JSON.stringify(data)}, "up"); console.log("claimed"); } catch (error) { console.log(error.name); }`,
      ]).stdout.toString();
    const claim = claimDataDirectory(data, "up");
    expect(statSync(data).mode & 0o777).toBe(0o700);
    expect(tryFromChild()).toBe("DataDirectoryInUse\n");
    claim.release();
    expect(tryFromChild()).toBe("claimed\n");
    claimDataDirectory(data, "up").release();
  });

  test("names the process that holds the directory", () => {
    const data = temporaryDirectory();
    const claim = claimDataDirectory(data, "node");
    writeEndpoints(data, endpoints("node", process.pid));
    expect(() => claimDataDirectory(data, "up")).toThrow(DataDirectoryInUse);
    expect(() => claimDataDirectory(data, "up")).toThrow(`process ${process.pid}`);
    claimDataDirectory(data, "control").release();
    claim.release();
  });
});
