/** Random commands about fleets of gateways, made from the records as they are. Few names, so that commands meet. */
import fc from "fast-check";
import type { CatalogKind } from "#contracts";
import { account, nth, type Step } from "./random-identity-steps.ts";

export const GATEWAY_KINDS = [
  "project",
  "gatewaySpec",
  "gatewaySpecRevision",
  "gatewayArtifact",
  "gatewayTrustedKey",
  "gatewayKey",
  "gatewayGroup",
  "gateway",
  "gatewayDeployment",
] as const satisfies readonly CatalogKind[];

const chosen = fc.record({ accountId: account, which: fc.nat(3), other: fc.boolean() });
const digest = (digit: number): string => `sha256:${String(digit).repeat(64)}`;

/** Public keys for Ed25519, of two points: any 32 octets that lie on the curve are one. RFC 8032 §7.1, tests 1 and 2. */
const PUBLIC_KEYS = [
  "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
  "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=",
].map((base64) => `-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----\n`);

type Chosen = typeof chosen extends fc.Arbitrary<infer Value> ? Value : never;

const steps: readonly ((chosen: Chosen) => Step)[] = [
  ({ accountId, which }) =>
    () => ({ type: "project.create", accountId, name: `p${which % 2}` }),
  ({ accountId, which, other }) =>
    (views) => ({
      type: "gatewaySpec.create",
      accountId,
      projectId: nth(views.records("project"), which)?.projectId ?? "none",
      name: `s${which % 2}`,
      // At random not what a spec must be.
      files: [{ path: other ? "a.yaml" : "b.yaml", digest: digest(which), sizeBytes: which }],
      descriptions: ["a.yaml"],
    }),
  ({ accountId, which }) =>
    (views) => ({
      type: "gatewaySpec.revise",
      accountId,
      specId: nth(views.records("gatewaySpec"), which)?.specId ?? "none",
      files: [{ path: "a.yaml", digest: digest(which), sizeBytes: which }],
      descriptions: ["a.yaml"],
    }),
  ({ accountId, which }) =>
    (views) => ({
      type: "gatewayKey.create",
      accountId,
      projectId: nth(views.records("project"), which)?.projectId ?? "none",
      name: `k${which % 2}`,
    }),
  ({ accountId, which, other }) =>
    (views) => {
      const project = nth(views.records("project"), which)?.projectId ?? "none";
      const trusted = nth(views.records("gatewayTrustedKey"), which)?.trustedKeyId;
      return other && trusted !== undefined
        ? { type: "gatewayTrustedKey.delete", accountId, trustedKeyId: trusted }
        : {
            type: "gatewayTrustedKey.put",
            accountId,
            projectId: project,
            name: `t${which % 2}`,
            publicKey: PUBLIC_KEYS[which % PUBLIC_KEYS.length]!,
          };
    },
  ({ accountId, which, other }) =>
    (views) => ({
      type: "gatewayArtifact.upload",
      accountId,
      projectId: nth(views.records("project"), which)?.projectId ?? "none",
      artifact: { digest: digest(1), contentDigest: digest(which), sizeBytes: which, compiler: "1", operations: 1 },
      signatures: Array.from(views.records("gatewayTrustedKey"), ({ keyId }) => ({ keyId, verified: other })).slice(
        0,
        2,
      ),
      uploadedBy: "person:prs_1",
    }),
  ({ accountId, which }) =>
    (views) => ({
      type: "gatewayArtifact.delete",
      accountId,
      artifactId: nth(views.records("gatewayArtifact"), which)?.artifactId ?? "none",
    }),
  ({ accountId, which, other }) =>
    (views) => {
      const keyId = nth(views.records("gatewayKey"), which)?.keyId ?? "none";
      return other
        ? { type: "gatewayKey.revoke", accountId, keyId }
        : { type: "gatewayKey.rotate", accountId, keyId, graceSeconds: which };
    },
  ({ which }) =>
    (views) => {
      const key = nth(views.records("gatewayKey"), which);
      return {
        type: "gateway.register",
        projectId: key?.projectId ?? "none",
        keyId: key?.keyId ?? "none",
        instanceId: `i${which}`,
        metadata: { version: "1", hostname: "h" },
      };
    },
  ({ which, other }) =>
    (views) => ({
      type: "gateway.report",
      gatewayId: nth(views.records("gateway"), which)?.gatewayId ?? "none",
      served: other ? null : { digest: digest(which) },
      refusal: null,
    }),
  ({ accountId, which }) =>
    (views) => ({
      type: "gatewayGroup.create",
      accountId,
      projectId: nth(views.records("project"), which)?.projectId ?? "none",
      name: `g${which % 2}`,
    }),
  ({ accountId, which }) =>
    (views) => ({
      type: "project.delete",
      accountId,
      projectId: nth(views.records("project"), which)?.projectId ?? "none",
    }),
];

export const gatewayStep: fc.Arbitrary<Step> = fc
  .tuple(fc.nat(steps.length - 1), chosen)
  .map(([index, given]) => steps[index]!(given));
