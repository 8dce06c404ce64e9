/** A fleet whose control plane is killed under load, for as long as it pleases: R21 to R23. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { until } from "../support/until.ts";
import { createFleet, type FleetGatewayProcess } from "./support/fleet.ts";
import { type Load, startLoad } from "./support/load.ts";

/** `tests/soak/gateway-without-control-plane.ts` asks for ten minutes. */
const AWAY_SECONDS = Number(process.env.BIPLANE_AWAY_SECONDS ?? 2);
/** Gateways that were away long come back within a minute. */
const BACK_MS = AWAY_SECONDS > 10 ? 90_000 : 20_000;

const fleet = createFleet();
let projectId: string;
let gateways: FleetGatewayProcess[];
let load: Load | undefined;

beforeAll(async () => {
  await fleet.startControl();
  projectId = await fleet.project("shop");
  const { key } = await fleet.key(projectId, "edges");
  await fleet.deploySaying(projectId, "before");
  gateways = await Promise.all(["one", "two", "three"].map((name) => fleet.startGateway(name, { projectId, key })));
  await until("all serve", async () => {
    return (await Promise.all(gateways.map((gateway) => gateway.says()))).every((text) => text === "before");
  });
  await until("all would serve it again", () => gateways.every((gateway) => gateway.keeps()));
});
afterAll(async () => {
  await load?.stop();
  await fleet.dispose();
});

test("R21, R23: nothing of its death is seen in the traffic, and afterwards all gateways come to serve the newest artifact", async () => {
  const [one, two, three] = gateways as [FleetGatewayProcess, FleetGatewayProcess, FleetGatewayProcess];
  load = startLoad(
    [one, two].map(({ url }) => `${url}/version`),
    2,
    AWAY_SECONDS > 10 ? 20 : 0,
  );
  await fleet.killControl();
  const goneAt = performance.now();
  // The third is killed too, and has nobody to ask what to serve.
  await three.kill();
  const again = await fleet.startGateway("three", { projectId, key: "bbk_of-no-use-while-nobody-is-there" });
  expect(await again.says()).toBe("before");
  expect((await fetch(`${again.admin}/health/ready`)).status).toBe(200);
  await again.kill();
  await until("it was away for long enough", () => performance.now() - goneAt > AWAY_SECONDS * 1000, 3_600_000);
  for (const gateway of [one, two]) {
    expect(await gateway.link()).toMatchObject({ drift: false, link: expect.stringMatching(/^(waiting|connecting)$/) });
  }
  await fleet.startControl();
  // Gateways are not back yet: what is deployed now they hear of with their first heartbeat.
  await fleet.deploySaying(projectId, "in between");
  await fleet.deploySaying(projectId, "after");
  const { key } = await fleet.key(projectId, "a new one");
  gateways[2] = await fleet.startGateway("three", { projectId, key });
  await until(
    "all gateways serve the newest",
    async () => (await Promise.all(gateways.map((gateway) => gateway.says()))).every((text) => text === "after"),
    BACK_MS,
  );
  const { failures, answered } = await load.stop();
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThan(50);
  console.log(`${answered} requests were answered, none failed; ${AWAY_SECONDS} s of them without a control plane`);
  await until("the control plane knows", async () => {
    const shown = await fleet.gateways(projectId);
    return shown.length === 3 && shown.every(({ status, drift }) => status === "online" && !drift);
  });
  // The same three as before: nobody has become another gateway by a restart.
  expect((await fleet.gateways(projectId)).map(({ name }) => name).sort()).toEqual(["one", "three", "two"]);
}, 3_600_000);
