/** What a project has besides apps: its API gateways. Pure. */
import { DESIRED_KINDS, type ProjectRecord } from "#contracts";
import { type CatalogReader, groups, type NewEvent, type Refusal, refuse } from "#control-plane/events";

/** What people delete themselves before the project goes. Keys count until they are revoked. */
export function gatewaysProblem(views: CatalogReader, { projectId }: ProjectRecord): Refusal | undefined {
  const all = groups.ofProject(projectId);
  const there = [
    ["specs", views.countInGroup("gatewaySpec", all)],
    ["artifacts", views.countInGroup("gatewayArtifact", all)],
    ["gateways", views.countInGroup("gateway", all)],
    ["API keys", views.inGroup("gatewayKey", all).filter(({ revokedAt }) => revokedAt === undefined).length],
  ] as const;
  const held = there.filter(([, count]) => count > 0).map(([what, count]) => `${what}: ${count}`);
  if (held.length === 0) return undefined;
  return refuse("ResourceInUse", `The project has API gateways (${held.join(", ")}): delete those first`);
}

const HISTORY = ["gatewayGroup", "gatewayBuild", "gatewayDeployment", "gatewayKey", "gatewayTrustedKey"] as const;

/** What goes with it. */
export function endOfGateways(views: CatalogReader, { projectId, accountId }: ProjectRecord): readonly NewEvent[] {
  return HISTORY.flatMap((kind) => {
    const { key, ends } = DESIRED_KINDS[kind];
    return views.inGroup(kind, groups.ofProject(projectId)).map((record) => {
      const id = (record as unknown as Readonly<Record<string, string>>)[key]!;
      const payload = { [key]: id, reason: "project_deleted" };
      // The table gives each kind its own key and the name of its last event.
      return { type: `${kind}.${ends}`, aggregateId: id, org: accountId, payload } as unknown as NewEvent;
    });
  });
}
