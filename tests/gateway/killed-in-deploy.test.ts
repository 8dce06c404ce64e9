/** Five gateways of a fleet, as processes: one is killed while all of them are told of a new artifact. */
import { afterAll, expect, test } from "bun:test";
import { until } from "../support/until.ts";
import { createFleet } from "./support/fleet.ts";

const fleet = createFleet();
afterAll(() => fleet.dispose());

test("W1: five gateways come to what is deployed, also the one that was killed meanwhile, with its own identity", async () => {
  await fleet.startControl();
  const projectId = await fleet.project("shop");
  const { key } = await fleet.key(projectId, "edges");
  const start = (name: string) => fleet.startGateway(name, { projectId, key });
  const gateways = await Promise.all(["a", "b", "c", "d", "e"].map(start));
  const allSay = async (text: string) =>
    (await Promise.all(gateways.map((one) => one.says()))).every((said) => said === text);
  await fleet.deploySaying(projectId, "first");
  await until("all serve the first", () => allSay("first"));
  const before = await fleet.gateways(projectId);

  const [killed] = gateways;
  const deployed = fleet.deploySaying(projectId, "second");
  await killed!.kill();
  await deployed;
  gateways[0] = await start(killed!.name);
  await until("all serve the second", () => allSay("second"));
  await until("nobody is adrift", async () => {
    const shown = await fleet.gateways(projectId);
    return shown.every(({ drift, status }) => drift === false && status === "online");
  });
  const after = await fleet.gateways(projectId);
  expect(after.map(({ id }) => id).sort()).toEqual(before.map(({ id }) => id).sort());
}, 60_000);
