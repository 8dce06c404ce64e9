/** Random commands about fleets of gateways, made from the records as they are. Few names, so that commands meet. */
import fc from "fast-check";
import type { CatalogKind } from "#contracts";
import { account, nth, type Step } from "./random-identity-steps.ts";

export const GATEWAY_KINDS = [
  "project",
  "gatewaySpec",
  "gatewaySpecRevision",
  "gatewayArtifact",
  "gatewayKey",
  "gatewayGroup",
  "gateway",
  "gatewayDeployment",
] as const satisfies readonly CatalogKind[];

const chosen = fc.record({ accountId: account, which: fc.nat(3), other: fc.boolean() });
const digest = (digit: number): string => `sha256:${String(digit).repeat(64)}`;

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
