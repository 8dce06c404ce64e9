/** Nodes: what they have, what the operator wants of them, how they are. */
import { CLOUD_ORG, type NodeRecord } from "#contracts";
import { type CommandHandlers, groups, refuse, stableJson } from "#control-plane/events";

export type NodeCommands = "node.enroll" | "node.setIntent" | "node.observe" | "node.remove";

const NODE_ID = /^nod_[0-9a-f]{24}$/;
const KEY_HASH = /^[0-9a-f]{64}$/;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const LABELS_MAX = 64;

/** Members that a node says of itself at each registration. */
const OFFERED = ["name", "labels", "allocatable", "isolation", "version", "architecture"] as const;

const noSuchNode = () =>
  refuse("NoSuchResource", "There is no such node; `biplane nodes list` shows those that there are");

export function createNodeHandlers(): CommandHandlers<NodeCommands> {
  return {
    "node.enroll"(command, views) {
      const { nodeId, name, keyHash, labels } = command;
      if (!NODE_ID.test(nodeId)) return refuse("ValidationFailed", "nodeId must be nod_ and 24 hexadecimal digits");
      if (!KEY_HASH.test(keyHash)) return refuse("ValidationFailed", "keyHash must be a SHA-256 in hexadecimal digits");
      if (!NAME.test(name)) {
        return refuse(
          "ValidationFailed",
          "name must have 1 to 63 letters, digits and . _ -, and begin with a letter or digit",
        );
      }
      if (Object.keys(labels).length > LABELS_MAX) {
        return refuse("ValidationFailed", `labels must be ${LABELS_MAX} at most`);
      }
      const known = views.record("node", nodeId);
      const others = views.inGroup("node", groups.namedInCloud(name));
      if (others.some((other) => other.nodeId !== nodeId)) {
        return refuse(
          "ResourceAlreadyExists",
          `name: another node is called ${name} already; start this one with another --name`,
        );
      }
      if (known === undefined) {
        const { type: _, ...offered } = command;
        const payload = { ...offered, intent: "active", health: "online" } as const;
        return {
          ok: true,
          events: [{ type: "node.enrolled", aggregateId: nodeId, org: CLOUD_ORG, payload }],
          result: {},
        };
      }
      if (known.keyHash !== keyHash) {
        return refuse(
          "WrongNodeKey",
          `the node ${nodeId} has another key; if its disk is lost, "biplane nodes remove ${nodeId}" lets it join anew`,
        );
      }
      const changes: Partial<Record<(typeof OFFERED)[number], unknown>> = {};
      for (const member of OFFERED) {
        if (stableJson(known[member]) !== stableJson(command[member])) changes[member] = command[member];
      }
      if (Object.keys(changes).length === 0) return { ok: true, events: [], result: {} };
      const payload = { nodeId, ...changes } as { nodeId: string };
      return {
        ok: true,
        events: [{ type: "node.capacityUpdated", aggregateId: nodeId, org: CLOUD_ORG, payload }],
        result: {},
      };
    },

    "node.setIntent"({ nodeId, intent, expectedVersion }, views) {
      const node = views.record("node", nodeId);
      if (node === undefined) return noSuchNode();
      if (expectedVersion !== undefined && expectedVersion !== node.revision) {
        return refuse(
          "RevisionMismatch",
          `expected_version is ${expectedVersion}, and the current version is ${node.revision}: look at it again`,
          { current_version: node.revision },
        );
      }
      if (node.intent === intent) return { ok: true, events: [], result: {} };
      const payload = { nodeId, intent };
      return {
        ok: true,
        events: [{ type: "node.intentChanged", aggregateId: nodeId, org: CLOUD_ORG, payload }],
        result: {},
      };
    },

    "node.observe"({ nodeId, health, reason }, views) {
      const node = views.record("node", nodeId);
      if (node === undefined) return noSuchNode();
      const event = observed(node, health, reason);
      return { ok: true, events: event === undefined ? [] : [event], result: {} };
    },

    "node.remove"({ nodeId }, views) {
      if (views.record("node", nodeId) === undefined) return noSuchNode();
      const instances = views.countInGroup("instance", groups.onNode(nodeId));
      const volumes = views.countInGroup("volume", groups.onNode(nodeId));
      if (instances + volumes > 0) {
        return refuse(
          "ResourceInUse",
          `The node has ${instances} instances and ${volumes} volumes: drain it, and delete or move its volumes first`,
          { instances, volumes },
        );
      }
      return {
        ok: true,
        events: [{ type: "node.removed", aggregateId: nodeId, org: CLOUD_ORG, payload: { nodeId } }],
        result: {},
      };
    },
  };
}

/** The event that says how a node is; undefined when that is known. */
export function observed(
  { nodeId, health: before, healthReason }: NodeRecord,
  health: NodeRecord["health"],
  reason?: string,
) {
  if (before === health && healthReason === reason) return undefined;
  const payload = { nodeId, health, healthReason: reason ?? null };
  return { type: "node.stateChanged", aggregateId: nodeId, org: CLOUD_ORG, payload } as const;
}
