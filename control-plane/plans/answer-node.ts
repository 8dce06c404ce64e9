/** Answers what an agent asks, each only for what is its own. */
import type { AccountId, NodeAnswer, NodeRequest } from "#contracts";
import type { CatalogReader } from "#control-plane/events";
import { type GiveObjectAccess, ObjectStoreUnavailable } from "./object-access.ts";

/** Opens what nodes need; every opening is on record before it is answered. */
export interface NodeSecrets {
  /** The secrets file of an instance, if it is of this node and has not ended. */
  open(instanceId: string, nodeId: string): Promise<NodeAnswer>;
  /** The data key of a backup that this node makes, or restores from. */
  snapshotKey(snapshotId: string, nodeId: string): Promise<NodeAnswer>;
}

export interface NodeAnswers {
  readonly views: CatalogReader;
  readonly objectAccess: GiveObjectAccess;
  readonly secrets: NodeSecrets;
  /** Accounts that have instances on the node. */
  readonly accountsOn: (nodeId: string) => ReadonlySet<AccountId>;
}

const notYours = (what: string): NodeAnswer => ({
  ok: false,
  code: "not_yours",
  message: `this node has nothing to do with the ${what}`,
});

export async function answerNode(request: NodeRequest, nodeId: string, answers: NodeAnswers): Promise<NodeAnswer> {
  switch (request.ask) {
    case "artifacts": {
      if (!answers.accountsOn(nodeId).has(request.accountId)) return notYours("releases of this org");
      return access("artifacts", () => answers.objectAccess(request.accountId, { area: "releases" }));
    }
    case "backups": {
      const volume = answers.views.record("volume", request.volumeId);
      const { volumeId } = request;
      if (volume === undefined || !concerns(answers.views, volumeId, nodeId)) return notYours("volume");
      return access("backups", () => answers.objectAccess(volume.accountId, { area: "backups", volumeId }));
    }
    case "secrets":
      return answers.secrets.open(request.instanceId, nodeId);
    case "snapshotKey":
      return answers.secrets.snapshotKey(request.snapshotId, nodeId);
  }
}

/** Whether the node keeps the volume, or restores one of its own from it. */
function concerns(views: CatalogReader, volumeId: string, nodeId: string): boolean {
  if (views.record("volume", volumeId)?.homeNodeId === nodeId) return true;
  for (const job of views.records("restoreJob")) {
    const underWay = job.status === "queued" || job.status === "running";
    if (underWay && job.sourceVolumeId === volumeId && job.nodeId === nodeId) return true;
  }
  return false;
}

async function access(ask: "artifacts" | "backups", give: () => ReturnType<GiveObjectAccess>): Promise<NodeAnswer> {
  try {
    return { ok: true, ask, access: await give() };
  } catch (error) {
    if (!(error instanceof ObjectStoreUnavailable)) throw error;
    return { ok: false, code: "object_store_unavailable", message: error.message };
  }
}
