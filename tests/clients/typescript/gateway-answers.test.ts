/** What the types say of fleets of gateways is what is answered: every operation, by its path through the org and by its short one. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { openGatewayArtifact, sealGatewayArtifact } from "#foundation/gateway-artifact";
import { type Cloud, type CloudEnvironment, createCloud } from "../../support/cloud.ts";
import { until } from "../../support/until.ts";
import { type CheckedClient, checkedClient } from "./checked-client.ts";
import { isOfGateways } from "./gateway-operations.ts";

const DESCRIPTION = (body: string): string => `openapi: 3.1.0
info: {title: Shop, version: "1"}
paths:
  /version:
    get:
      x-biplane-dispatch: {name: mock, config: {body: "${body}"}}
      responses: {"200": {description: ok}}
`;

const cloud: Cloud = createCloud();
let environment: CloudEnvironment;
let checked: CheckedClient;

beforeAll(async () => {
  await cloud.start("up", "--port", "0");
  environment = await cloud.environment();
  checked = await checkedClient(environment);
}, 60_000);
afterAll(() => cloud.dispose());

/** What both kinds of operations answer, as far as it is looked at here. */
type Answer = Record<string, never> & { readonly id: string };
type Groups = Readonly<Record<string, Readonly<Record<string, (parameters: object) => Promise<Answer>>>>>;

/** Calls operations of one kind by the same words: those by the short path have no org, and `ById` behind their names. */
function callsOf(isShort: boolean) {
  return async (group: string, method: string, parameters: object): Promise<Answer> => {
    const named = (checked.client as unknown as Groups)[group]!;
    const given = isShort ? parameters : { org: checked.org, ...parameters };
    return await named[isShort ? `${method}ById` : method]!(given);
  };
}

/** A gateway that registers, and says nothing more. */
async function register(projectId: string, key: string, instanceId: string): Promise<() => void> {
  const url = `${environment.BIPLANE_API_URL!.replace(/^http/, "ws")}/ws/data-plane`;
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${key}` } } as never);
  let registered = false;
  socket.onmessage = ({ data }) => {
    registered ||= (JSON.parse(String(data)) as { type: string }).type === "registered";
  };
  socket.onopen = () =>
    socket.send(
      JSON.stringify({
        ...{ type: "register", protocol: 1, project_id: projectId, api_key: key, instance_id: instanceId },
        ...{ name: "edge", artifact_digest: null, metadata: { version: "0.1.0", hostname: "here" } },
      }),
    );
  await until("the gateway is registered", () => registered);
  return () => socket.close();
}

describe("answers about gateways are as they are described", () => {
  test.each([
    ["through the org", false],
    ["by the id alone", true],
  ] as const)(
    "%s",
    async (how, isShort) => {
      const call = callsOf(isShort);
      const { org, client } = checked;
      const { id: project } = await client.projects.create({ org, body: { name: isShort ? "short" : "long" } });
      const of = { project };

      const files = [{ path: "api.yaml", content: DESCRIPTION("one") }];
      const put = await call("specs", "put", { ...of, body: { name: "shop", files } });
      const spec = (put as unknown as { readonly spec: { readonly id: string } }).spec.id;
      const ofSpec = isShort ? { spec } : { project, spec };
      const revised = await call("specs", "revise", {
        ...ofSpec,
        body: { files: [{ path: "api.yaml", content: DESCRIPTION("two") }], message: "two" },
      });
      const revision = (revised as unknown as { readonly revision: { readonly id: string } }).revision.id;
      await call("specs", "list", of);
      await call("specs", "get", ofSpec);
      await call("specs", "listRevisions", ofSpec);
      await call("specs", "getRevision", { ...ofSpec, revision });
      await call("specs", "getFile", { ...ofSpec, revision, path: "api.yaml" });

      const builds = [
        await call("builds", "compileSpec", { ...ofSpec, body: { revision: "1" } }),
        await call("builds", "create", { ...of, body: { revisions: [revision] } }),
      ];
      const artifacts: string[] = [];
      for (const { id: build } of builds) {
        const ofBuild = isShort ? { build } : { project, build };
        let artifact: string | undefined;
        await until(`it is built, ${how}`, async () => {
          artifact = (await call("builds", "get", ofBuild)).artifact_id;
          return artifact !== undefined;
        });
        artifacts.push(artifact!);
      }
      await call("builds", "list", of);
      const [one, two] = artifacts.map((artifact) => (isShort ? { artifact } : { project, artifact }));
      await call("artifacts", "list", of);
      await call("artifacts", "get", one!);
      const file = (await call("artifacts", "download", one!)) as unknown as Uint8Array;
      const { digest } = openGatewayArtifact(file);
      expect(await call("artifacts", "get", one!)).toMatchObject({ digest, origin: "build" });

      const { privateKey, publicKey } = generateKeyPairSync("ed25519");
      const ofTrust = { project, trustedKey: "ci" };
      const pem = String(publicKey.export({ type: "spki", format: "pem" }));
      await call("trustedKeys", "put", { ...ofTrust, body: { public_key: pem } });
      await call("trustedKeys", "get", ofTrust);
      await call("trustedKeys", "list", of);
      const { bytes } = sealGatewayArtifact(openGatewayArtifact(file), [privateKey]);
      const uploaded = await call("artifacts", "upload", { ...of, body: bytes });
      expect(uploaded).toMatchObject({ digest, origin: "upload", signatures: [{ verified: true }] });
      await call("trustedKeys", "delete", ofTrust);

      const { id: key } = await call("apiKeys", "createGatewayKey", { ...of, body: { name: "edges" } });
      const ofKey = { project, key };
      const rotated = await call("apiKeys", "rotateGatewayKey", { ...ofKey, body: {} });
      await call("apiKeys", "listGatewayKeys", of);
      await call("apiKeys", "getGatewayKey", ofKey);

      const close = await register(project, String(rotated.key), `instance-${how.replaceAll(" ", "-")}`);
      const { id: group } = await call("gatewayGroups", "create", { ...of, body: { name: "canary" } });
      const [gateway] = (await call("dataPlanes", "listOfProject", of)).items as unknown as readonly Answer[];
      const ofGateway = { project, dataPlane: gateway!.id };
      await call("dataPlanes", "updateOfProject", { ...ofGateway, body: { group_id: group } });
      await call("dataPlanes", "getOfProject", ofGateway);
      await call("dataPlanes", "updateOfProject", { ...ofGateway, body: { group_id: null } });
      await call("gatewayGroups", "list", of);
      await call("gatewayGroups", "update", { project, group, body: { name: "first" } });
      await call("gatewayGroups", "delete", { project, group });

      const strategy = {
        stages: [
          { percent: 50, bake_seconds: 3_600 },
          { percent: 100, bake_seconds: 3_600 },
        ],
      };
      await call("deployments", "deployArtifact", { ...of, body: { artifact_id: artifacts[0] } });
      const { id: deployment } = await call("deployments", "deployArtifact", {
        ...of,
        body: { artifact_id: artifacts[1], strategy },
      });
      const ofDeployment = { project, deployment };
      await call("deployments", "haltGateway", { ...ofDeployment, body: { reason: "a look" } });
      await call("deployments", "resumeGateway", { ...ofDeployment, body: {} });
      await call("deployments", "advanceGateway", { ...ofDeployment, body: {} });
      await call("deployments", "getGateway", ofDeployment);
      await call("deployments", "listGateway", of);
      await call("deployments", "rollBackArtifact", { ...of, body: { artifact_id: artifacts[0] } });

      close();
      await call("dataPlanes", "removeOfProject", ofGateway);
      await call("apiKeys", "revokeGatewayKey", ofKey);
      // The one that is deployed is kept, and so is what it could go back to.
      await call("artifacts", "delete", two!).catch(() => undefined);
      const third = await call("specs", "put", { ...of, body: { name: "gone", files } });
      const gone = (third as unknown as { readonly spec: { readonly id: string } }).spec.id;
      await call("specs", "delete", isShort ? { spec: gone } : { project, spec: gone });
    },
    60_000,
  );

  test("every one of them", () => {
    expect(checked.problems).toEqual([]);
    const left = checked.description.operations.filter(
      (operation) => isOfGateways(operation) && !checked.answered.has(operation.operationId),
    );
    expect(left.map(({ operationId }) => operationId)).toEqual([]);
  });
});
