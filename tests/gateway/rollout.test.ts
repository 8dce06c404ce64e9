/** Staged rollouts with a control plane and three gateways as processes of their own, and requests all the time. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { until } from "../support/until.ts";
import { descriptionSaying } from "./support/artifacts.ts";
import { createFleet, type FleetGatewayProcess } from "./support/fleet.ts";

interface Deployment {
  readonly id: string;
  readonly status: string;
  readonly stage: number;
  readonly generation: number;
  readonly artifact_id: string;
  readonly reason?: string;
  readonly deployment_kind: string;
}

const fleet = createFleet({ controlOptions: ["--gateway-heartbeat", "1"] });
const gateways: FleetGatewayProcess[] = [];
let project: string;
let good: string;
let group: string;

/** As `descriptionSaying`, with the status 500. */
const failing = (text: string): string =>
  descriptionSaying(text).replace("config: {", "config: {status: 500, ").replace('"200"', '"500"');

beforeAll(async () => {
  await fleet.startControl();
  project = await fleet.project("shop");
  const { id } = await fleet.call<{ readonly id: string }>("POST", `/v1/projects/${project}/gateway-groups`, {
    name: "canary",
  });
  group = id;
  const edges = await fleet.key(project, "edges");
  const canaries = await fleet.key(project, "canaries", { group_id: group });
  gateways.push(
    ...(await Promise.all([
      fleet.startGateway("one", { projectId: project, key: edges.key }),
      fleet.startGateway("two", { projectId: project, key: edges.key }),
      fleet.startGateway("canary", { projectId: project, key: canaries.key }),
    ])),
  );
  good = await fleet.build(project, descriptionSaying("good"));
  // One request after the other to each gateway.
  for (const { url } of gateways) void ask(`${url}/version`);
});
let isOver = false;
async function ask(address: string): Promise<void> {
  while (!isOver) {
    await fetch(address).then(
      (answer) => answer.text(),
      () => undefined,
    );
    await Bun.sleep(5);
  }
}
afterAll(async () => {
  isOver = true;
  await fleet.dispose();
});

const deployment = (id = "current") => fleet.call<Deployment>("GET", `/v1/projects/${project}/deployments/${id}`);
const deploy = (artifactId: string, strategy?: object) =>
  fleet.call<Deployment>("POST", `/v1/projects/${project}/deploy`, {
    artifact_id: artifactId,
    ...(strategy === undefined ? {} : { strategy }),
  });
const saying = () => Promise.all(gateways.map((gateway) => gateway.says()));
const untilAllSay = (text: string) =>
  until(`all gateways say ${text}`, async () => (await saying()).every((said) => said === text));
const untilIs = (id: string, status: string) =>
  until(`the deployment is ${status}`, async () => (await deployment(id)).status === status);

describe("a rollout", () => {
  beforeEach(async () => {
    const { id } = await deploy(good);
    await untilAllSay("good");
    await untilIs(id, "completed");
  });

  test("goes through its stages, and is complete when all gateways serve the artifact", async () => {
    const artifactId = await fleet.build(project, descriptionSaying("better"));
    const stages = [{ percent: 33 }, { percent: 66, bake_seconds: 1 }, { percent: 100 }];
    const { id } = await deploy(artifactId, { stages, error_rate_max: 0.01, requests_min: 20 });
    const counts = new Set<number>();
    await until("it is completed", async () => {
      counts.add((await saying()).filter((said) => said === "better").length);
      return (await deployment(id)).status === "completed";
    });
    expect([...counts].at(-1)).toBe(3);
    expect([...counts].filter((count) => count === 1 || count === 2).length).toBeGreaterThan(0);
    await untilAllSay("better");
  });

  test("of an artifact that fails goes back by itself, and has reached one gateway alone", async () => {
    const bad = await fleet.build(project, failing("bad"));
    const stages = [{ percent: 33, bake_seconds: 1 }, { percent: 100 }];
    const started = await deploy(bad, { stages, error_rate_max: 0.05, automatic_rollback: true });
    let most = 0;
    await until("it is gone back from", async () => {
      most = Math.max(most, (await saying()).filter((said) => said === "bad").length);
      return (await deployment(started.id)).status === "rolled_back";
    });
    expect(most).toBe(1);
    expect((await deployment(started.id)).reason).toMatch(/^100 % of \d+ requests were answered with errors, 5 %/);
    await untilAllSay("good");
    const back = await deployment();
    expect(back).toMatchObject({ deployment_kind: "rollback", artifact_id: good });
    expect(back.generation).toBeGreaterThan(started.generation);
    await untilIs(back.id, "completed");
  });

  test("without automatic rollback halts, reaches nobody else, and is gone back from by one command", async () => {
    const bad = await fleet.build(project, failing("also bad"));
    const stages = [{ groups: ["canary"], bake_seconds: 1 }, { percent: 100 }];
    const { id } = await deploy(bad, { stages, error_rate_max: 0.05 });
    await untilIs(id, "halted");
    expect(await saying()).toEqual(["good", "good", "also bad"]);
    await fleet.call("POST", `/v1/projects/${project}/rollback`, {});
    await untilAllSay("good");
    await until("the way back is complete", async () => (await deployment()).status === "completed");
    expect((await deployment(id)).status).toBe("rolled_back");
  });

  test("to a group first goes on after the control plane was killed in its middle", async () => {
    const artifactId = await fleet.build(project, descriptionSaying("for canaries first"));
    const stages = [{ groups: ["canary"], bake_seconds: 3 }, { percent: 100 }];
    const { id } = await deploy(artifactId, { stages, error_rate_max: 0.05 });
    await until("the canary serves it", async () => (await saying())[2] === "for canaries first");
    await fleet.killControl();
    await fleet.startControl();
    expect((await saying()).slice(0, 2)).toEqual(["good", "good"]);
    await untilAllSay("for canaries first");
    await untilIs(id, "completed");
  });
});
