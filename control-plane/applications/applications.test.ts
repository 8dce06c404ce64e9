/** What people may ask of applications, and what they are told when they may not. */
import { describe, expect, test } from "bun:test";
import type { AccountId } from "#contracts";
import { ACCOUNT } from "#control-plane/events/testing";
import { manifestOf, TestWorld } from "#control-plane/scheduler/testing";

const OTHER = "999988887777" as AccountId;

function world() {
  const made = new TestWorld();
  made.addNode("one");
  made.append([
    {
      type: "account.created",
      aggregateId: OTHER,
      org: OTHER,
      payload: { accountId: OTHER, name: "other", canonicalUserId: "d" },
    },
  ]);
  return made;
}

const run = (made: TestWorld, command: object) => made.run({ accountId: ACCOUNT, ...command } as never);
/** What it is refused with. */
const refusal = (made: TestWorld, command: object): string => {
  try {
    run(made, command);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it was not refused");
};

describe("names", () => {
  test.each([
    ["", "name"],
    ["Shop", "name"],
    ["-shop", "name"],
    ["shop-", "name"],
    ["a".repeat(64), "name"],
    ["shöp", "name"],
    ["shop.x", "name"],
    ["../x", "name"],
  ])("of apps and environments: %j is refused, and the field is said", (name, field) => {
    const made = world();
    expect(refusal(made, { type: "app.create", name })).toMatch(new RegExp(`^ValidationFailed: ${field}`));
    const { appId } = made.addEnv();
    expect(refusal(made, { type: "env.create", appId, name })).toMatch(new RegExp(`^ValidationFailed: ${field}`));
  });

  test("are unique in their org or app, and free again afterwards", () => {
    const made = world();
    const { appId, envId } = made.addEnv();
    expect(refusal(made, { type: "app.create", name: "shop" })).toStartWith("ResourceAlreadyExists");
    run(made, { type: "app.create", accountId: OTHER, name: "shop" });
    expect(refusal(made, { type: "env.create", appId, name: "production" })).toStartWith("ResourceAlreadyExists");
    run(made, { type: "env.delete", envId });
    run(made, { type: "env.create", appId, name: "production" });
  });
});

describe("what is another org's looks like nothing", () => {
  test("apps, environments, releases, deploys, routes", () => {
    const made = world();
    const { appId, envId } = made.addEnv();
    const releaseId = made.release(appId);
    const theirs = { accountId: OTHER };
    for (const command of [
      { type: "app.update", appId, name: "x" },
      { type: "app.delete", appId },
      { type: "env.create", appId, name: "x" },
      { type: "env.update", envId, name: "x" },
      { type: "env.scale", envId, scale: { web: 1 } },
      { type: "env.restart", envId },
      { type: "env.delete", envId },
      { type: "release.create", appId, artifact: artifact("a"), manifest: manifestOf() },
      { type: "deploy.create", envId, deployKind: "deploy", releaseId },
      { type: "route.create", envId, protocol: "http", hostname: "a.example", processType: "web", port: 8_080 },
    ]) {
      const here = refusal(made, { ...command, ...theirs });
      expect(here).toStartWith("NoSuchResource");
      const nowhere = {
        ...command,
        ...theirs,
        ...("appId" in command ? { appId: "app_none" } : { envId: "env_none" }),
      };
      expect(refusal(made, nowhere)).toBe(here);
    }
  });
});

const artifact = (digit: string) => ({ source: "directory", digest: `sha256:${digit.repeat(64)}`, sizeBytes: 10 });

describe("releases", () => {
  test("are numbered in their app, and their manifests are checked as in the command line", () => {
    const made = world();
    const { appId } = made.addEnv();
    const ids = ["a", "b"].map((digit) => made.release(appId, manifestOf(), digit));
    expect(ids.map((id) => made.views.record("release", id)?.number)).toEqual([1, 2]);
    const bad = manifestOf({ command: [], resources: { memory: "1Mi" } }, { autoscale: true });
    const told = refusal(made, { type: "release.create", appId, artifact: artifact("c"), manifest: bad });
    for (const field of ["processes.web.command", "processes.web.resources.memory", "autoscale"])
      expect(told).toContain(field);
    const renamed = manifestOf({}, { app: { name: "another" } });
    expect(refusal(made, { type: "release.create", appId, artifact: artifact("c"), manifest: renamed })).toContain(
      "app.name",
    );
    for (const digest of ["latest", "sha256:x", "md5:abc"]) {
      const wrong = { ...artifact("c"), digest };
      expect(refusal(made, { type: "release.create", appId, artifact: wrong, manifest: manifestOf() })).toContain(
        "digest",
      );
    }
  });
});

describe("deploys", () => {
  test("say which processes there are, and set what is wanted in one go", () => {
    const made = world();
    const { appId, envId } = made.addEnv();
    const releaseId = made.release(appId);
    const deploy = { type: "deploy.create", envId, deployKind: "deploy", releaseId };
    expect(refusal(made, { ...deploy, processTypes: ["worker"] })).toMatch(/worker/);
    expect(refusal(made, { ...deploy, processTypes: [] })).toContain("processTypes");
    expect(refusal(made, { ...deploy, releaseId: "rel_none" })).toStartWith("NoSuchResource");
    const { deployId } = run(made, deploy) as { deployId: string };
    expect(made.views.record("env", envId)?.desired).toEqual({ web: { releaseId, deployId } });
    // The first deploy gives it a name that it is reached by.
    expect([...made.views.records("route")]).toMatchObject([{ hostname: "web.shop.localhost", port: 8_080 }]);
  });

  test("of a release with volumes and secrets need those first", () => {
    const made = world();
    const { appId, envId } = made.addEnv();
    const mounts = [{ volume: "data", path: "/data" }];
    const stateful = manifestOf({ mounts }, { volumes: [{ name: "data", size: "1Gi" }] });
    const first = made.release(appId, stateful, "a");
    expect(refusal(made, { type: "deploy.create", envId, deployKind: "deploy", releaseId: first })).toContain(
      "nothing is attached at /data",
    );
    const secret = made.release(appId, manifestOf({ secrets: { required: true } }), "b");
    expect(refusal(made, { type: "deploy.create", envId, deployKind: "deploy", releaseId: secret })).toStartWith(
      "SecretsMissing",
    );
  });
});

describe("scaling", () => {
  test("names processes that are deployed, within the manifest's bounds", () => {
    const made = world();
    const { appId, envId } = made.addEnv();
    made.deploy(envId, made.release(appId, manifestOf({ scaling: { min: 1, max: 3 } })));
    for (const scale of [{ worker: 1 }, { web: 4 }, { constructor: 1 }]) {
      expect(refusal(made, { type: "env.scale", envId, scale })).toStartWith("ValidationFailed: scale");
    }
    run(made, { type: "env.scale", envId, scale: { web: 3 } });
    expect(made.views.record("env", envId)?.scale).toEqual({ web: 3 });
  });

  test("with a version that is not the last one changes nothing", () => {
    const made = world();
    const { appId, envId } = made.addEnv();
    made.deploy(envId, made.release(appId, manifestOf({ scaling: { min: 1, max: 3 } })));
    const expectedVersion = made.views.record("env", envId)!.revision;
    run(made, { type: "env.scale", envId, scale: { web: 2 }, expectedVersion });
    expect(refusal(made, { type: "env.scale", envId, scale: { web: 3 }, expectedVersion })).toStartWith(
      "RevisionMismatch",
    );
  });
});

describe("routes", () => {
  const http = { type: "route.create", protocol: "http", processType: "web", port: 8_080 };

  function routed() {
    const made = world();
    const { appId, envId } = made.addEnv();
    made.deploy(envId, made.release(appId));
    return { made, envId };
  }

  test.each([
    "",
    "localhost_",
    "a..b",
    "-a.example",
    "*.example",
    "a.example:80",
    "http://a.example",
    "a example",
    "1.2.3.4",
    `${"a".repeat(64)}.example`,
    `${"a.".repeat(130)}example`,
    "a.example/\r\nx",
  ])("the host name %j is refused", (hostname) => {
    const { made, envId } = routed();
    expect(refusal(made, { ...http, envId, hostname })).toMatch(/^ValidationFailed: hostname/);
  });

  test("lead to declared ports of known processes only", () => {
    const { made, envId } = routed();
    expect(refusal(made, { ...http, envId, hostname: "a.example", port: 9 })).toContain("port");
    expect(refusal(made, { ...http, envId, hostname: "a.example", processType: "worker" })).toContain("processType");
    for (const path of ["api", "/a//b", "/a/../b", "/a?x", "/a b", `/${"a".repeat(2_000)}`]) {
      expect(refusal(made, { ...http, envId, hostname: "a.example", path })).toMatch(/^ValidationFailed: path/);
    }
  });

  test("of two that want the same, the first has it; another path is another route", () => {
    const { made, envId } = routed();
    run(made, { ...http, envId, hostname: "A.example" });
    expect(refusal(made, { ...http, envId, hostname: "a.EXAMPLE" })).toStartWith("ResourceAlreadyExists");
    run(made, { ...http, envId, hostname: "a.example", path: "/api" });
    run(made, { type: "route.create", envId, protocol: "tcp_raw", listenPort: 5_432, processType: "web", port: 8_080 });
    expect(
      refusal(made, {
        type: "route.create",
        envId,
        protocol: "tcp_raw",
        listenPort: 5_432,
        processType: "web",
        port: 8_080,
      }),
    ).toStartWith("ResourceAlreadyExists");
  });

  test("a name of one org is nobody else's, whatever its path", () => {
    const { made, envId } = routed();
    run(made, { ...http, envId, hostname: "a.example" });
    const { appId } = run(made, { type: "app.create", accountId: OTHER, name: "thief" }) as { appId: string };
    const theirs = run(made, { type: "env.create", accountId: OTHER, appId, name: "production" }) as { envId: string };
    const told = refusal(made, { ...http, accountId: OTHER, envId: theirs.envId, hostname: "a.example", path: "/x" });
    expect(told).toMatch(/^(ResourceAlreadyExists|ValidationFailed)/);
    expect([...made.views.records("route")].filter(({ accountId }) => accountId === OTHER)).toEqual([]);
  });
});

describe("quotas", () => {
  test("say the dimension, the limit, what is used and what was asked for", () => {
    const made = world();
    run(made, { type: "quota.set", limits: { apps: 1 } });
    made.addEnv();
    expect(refusal(made, { type: "app.create", name: "second" })).toMatch(/^QuotaExceeded: .*apps.*1/);
    run(made, { type: "quota.set", limits: { apps: null } });
    run(made, { type: "app.create", name: "second" });
    expect(refusal(made, { type: "quota.set", limits: { apples: 1 } })).toStartWith("ValidationFailed");
  });
});

test("an app goes when its environments have gone, and a project when it has no apps", () => {
  const made = world();
  const { appId, envId } = made.addEnv();
  made.deploy(envId, made.release(appId));
  made.settle();
  expect(refusal(made, { type: "app.delete", appId })).toContain("production");
  run(made, { type: "env.delete", envId });
  made.settle();
  expect(made.live()).toEqual([]);
  made.now += 3_600_000;
  made.settle();
  run(made, { type: "app.delete", appId });
  expect([...made.views.records("release")]).toEqual([]);
});
