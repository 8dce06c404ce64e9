/** Gateways of a fleet and their control plane, as processes of their own, driven through the REST API: R15 to R25 and R27 to R33. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { until } from "../support/until.ts";
import { descriptionSaying } from "./support/artifacts.ts";
import { createFleet, type FleetGatewayProcess } from "./support/fleet.ts";
import { startLoad } from "./support/load.ts";

const fleet = createFleet();
let shop: string;
let bank: string;
let key: { readonly id: string; readonly key: string };
/** Of the shop. */
const gateways: FleetGatewayProcess[] = [];
let stranger: FleetGatewayProcess;

beforeAll(async () => {
  await fleet.startControl();
  shop = await fleet.project("shop");
  bank = await fleet.project("bank");
  key = await fleet.key(shop, "edges");
  const bankKey = await fleet.key(bank, "edges");
  const started = await Promise.all([
    fleet.startGateway("one", { projectId: shop, key: key.key, environment: { ONLY_HERE: "a secret" } }),
    fleet.startGateway("two", {
      projectId: shop,
      key: key.key,
      controlPlane: (apiUrl) => apiUrl.replace("http:", "ws:"),
      environment: { ONLY_HERE: "a secret" },
    }),
    fleet.startGateway("three", {
      projectId: shop,
      key: key.key,
      controlPlane: (apiUrl) => `${apiUrl.replace("http:", "ws:")}/ws/data-plane`,
    }),
    fleet.startGateway("stranger", { projectId: bank, key: bankKey.key }),
  ]);
  gateways.push(...started.slice(0, 3));
  stranger = started[3]!;
});
afterAll(() => fleet.dispose());

const shown = async (name: string) => {
  const found = (await fleet.gateways(shop)).find((gateway) => gateway.name === name);
  if (found === undefined) throw new Error(`no gateway is called ${name}`);
  return found;
};
const allSay = async (text: string): Promise<boolean> =>
  (await Promise.all(gateways.map((gateway) => gateway.says()))).every((said) => said === text);
const onlineIn = async (project: string): Promise<readonly string[]> =>
  (await fleet.gateways(project))
    .filter(({ status }) => status === "online")
    .map(({ name }) => name!)
    .sort();

describe("a fleet", () => {
  test("R15, R16, R24, R31, R32: is who has dialled, by whatever address, with a key of the project", async () => {
    await until("all are online", async () => (await onlineIn(shop)).length === 3);
    expect(await onlineIn(shop)).toEqual(["one", "three", "two"]);
    await until("the stranger is online, in its project", async () => (await onlineIn(bank)).join() === "stranger");
    const { id } = await shown("one");
    const one = await fleet.call("GET", `/v1/projects/${shop}/data-planes/${id}`);
    expect(one).toMatchObject({ id, name: "one", status: "online", project_id: shop });
    expect(await gateways[0]!.link()).toMatchObject({ link: "registered", data_plane_id: id });
  });

  test("R19, R20, R25, R30: fetches and serves what is deployed, and no other project's gateways do", async () => {
    await fleet.deploySaying(shop, "first");
    await until("all gateways serve it", () => allSay("first"));
    expect((await fetch(`${stranger.url}/version`)).status).toBe(503);
    expect(await stranger.link()).not.toHaveProperty("desired");
  });

  test("R18: is shown with what each serves, and how it does", async () => {
    for (const { url } of gateways) await (await fetch(`${url}/no-such-path`)).text();
    // Whoever serves something new says how it does at once.
    await fleet.deploySaying(shop, "second");
    await until("all gateways serve it", () => allSay("second"));
    await until("all say so", async () => {
      const all = await fleet.gateways(shop);
      return all.every(({ drift, health }) => drift === false && (health as Json)?.requests_total !== 0);
    });
    const { health, artifact_digest } = (await shown("one")) as unknown as Json & { readonly health: Json };
    expect(artifact_digest).toBe((await gateways[0]!.link()).served as string);
    expect(health.requests_total).toBeGreaterThan(1);
    // Those that came before there was anything to serve were answered 503.
    expect(health.errors_total).toBeGreaterThanOrEqual(0);
    expect(health.p50_ms).toBeGreaterThan(0);
    expect(health.p99_ms).toBeGreaterThanOrEqual(health.p50_ms as number);
    expect(health.memory_bytes).toBeGreaterThan(10_000_000);
    expect(health.event_loop_lag_ms).toBeGreaterThanOrEqual(0);
  });

  test("R20: takes twenty deploys under load, and no request fails", async () => {
    const texts = ["spring", "summer", "autumn", "winter"];
    const artifacts: string[] = [];
    for (const text of texts) artifacts.push(await fleet.build(shop, descriptionSaying(text)));
    const load = startLoad(gateways.map(({ url }) => `${url}/version`));
    for (let deploy = 0; deploy < 20; deploy++) {
      const season = deploy % texts.length;
      await fleet.deploy(shop, artifacts[season]!);
      await until(`all gateways serve what deploy ${deploy} wants`, () => allSay(texts[season]!));
    }
    const { answered, failures, seen } = await load.stop();
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(100);
    for (const told of seen.values()) expect([...told]).toEqual(expect.arrayContaining(texts));
  });

  test("R20, R13: goes on with what it serves where the desired artifact cannot be used, and says why", async () => {
    const before = await gateways[2]!.says();
    const needsSecret = descriptionSaying("with a secret").replace(
      "config: {",
      "config: {headers: {X-Key: 'env://ONLY_HERE'}, ",
    );
    await fleet.deploy(shop, await fleet.build(shop, needsSecret));
    await until("two gateways serve it", async () => {
      const said = await Promise.all([gateways[0]!.says(), gateways[1]!.says()]);
      return said.every((text) => text === "with a secret");
    });
    await until("the third says that it cannot", async () => "refusal" in (await shown("three")));
    expect(await shown("three")).toMatchObject({
      status: "online",
      drift: true,
      refusal: { stage: "apply", reason: expect.stringContaining("ONLY_HERE") },
    });
    expect(await gateways[2]!.says()).toBe(before);
    expect(await gateways[2]!.link()).toMatchObject({ drift: true, last_refusal: { stage: "apply" } });
    await fleet.deploySaying(shop, "good again");
    await until("all gateways serve what comes next", () => allSay("good again"));
    await until("nothing is refused any more", async () => !("refusal" in (await shown("three"))));
  });
});

describe("keys", () => {
  test("R28: begin with bbk_, and are shown once", async () => {
    expect(key.key).toMatch(/^bbk_[\w-]{32,}$/);
    const listed = JSON.stringify(await fleet.call("GET", `/v1/projects/${shop}/api-keys`));
    expect(listed).toContain(key.id);
    expect(listed).not.toContain(key.key);
    expect(listed).not.toContain(new Bun.CryptoHasher("sha256").update(key.key).digest("hex"));
  });

  test("R29, R30: give gateways the artifacts of their project, and nothing else", async () => {
    const artifactId = await fleet.build(shop, descriptionSaying("to be read"));
    const ofBank = await fleet.build(bank, descriptionSaying("of the bank"));
    const status = async (path: string, bearer?: string) => (await fleet.ask("GET", path, bearer)).status;
    expect(await status(`/v1/artifacts/${artifactId}/download`, key.key)).toBe(200);
    expect(await status(`/v1/artifacts/${artifactId}/download`)).toBe(401);
    expect(await status(`/v1/artifacts/${ofBank}/download`, key.key)).toBe(404);
    expect(await status(`/v1/projects/${shop}/data-planes`, key.key)).toBe(401);
  });

  test("R29: end the connections of who uses them when they are revoked, and what is served is served on", async () => {
    const other = await fleet.key(shop, "to be revoked");
    const gateway = await fleet.startGateway("four", { projectId: shop, key: other.key });
    await until("it serves", async () => (await gateway.says()) === "good again");
    await fleet.call("DELETE", `/v1/projects/${shop}/api-keys/${other.id}`);
    await until("it is let in no more", async () => (await gateway.link()).link === "stopped");
    expect((await gateway.link()).last_failure).toContain("revoked_key");
    expect((await shown("four")).status).toBe("offline");
    expect(await gateway.says()).toBe("good again");
    expect(await onlineIn(shop)).toEqual(["one", "three", "two"]);
  });
});

test("R27: a gateway that is removed is disconnected, and serves on", async () => {
  const gateway = await fleet.startGateway("five", { projectId: shop, key: key.key });
  await until("it serves", async () => (await gateway.says()) === "good again");
  const { id } = await shown("five");
  await fleet.call("DELETE", `/v1/projects/${shop}/data-planes/${id}`);
  await until("it is let in no more", async () => (await gateway.link()).link === "stopped");
  expect((await gateway.link()).last_failure).toContain("removed");
  expect((await fleet.gateways(shop)).map(({ name }) => name)).not.toContain("five");
  expect(await gateway.says()).toBe("good again");
});

type Json = Readonly<Record<string, unknown>>;
