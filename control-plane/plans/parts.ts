/** Cuts plans into messages that are well below what a socket takes. Pure. */
import {
  CHANGE_STREAM_MESSAGE_BYTES_MAX,
  type EdgeConfig,
  type MessageToAgent,
  type MessageToEdge,
  type NodePlan,
} from "#contracts";

/** Characters of JSON in a part; one may take three bytes, and one item more may come on top. */
const PART_CHARACTERS = CHANGE_STREAM_MESSAGE_BYTES_MAX / 8;

/** Items in stretches of about a part each; at least one stretch, maybe an empty one. */
function stretches<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const parts: Item[][] = [[]];
  let characters = 0;
  for (const item of items) {
    const size = JSON.stringify(item).length;
    if (characters > 0 && characters + size > PART_CHARACTERS) {
      parts.push([]);
      characters = 0;
    }
    parts.at(-1)!.push(item);
    characters += size;
  }
  return parts;
}

export function configParts(config: EdgeConfig): readonly MessageToEdge[] {
  const parts = stretches(config.routes);
  return parts.map((routes, index) => ({
    type: "plan",
    last: index === parts.length - 1,
    config: { ...config, routes },
  }));
}

/** Volumes and snapshots of one node are few: they travel with the first part. */
export function planParts(plan: NodePlan): readonly MessageToAgent[] {
  const parts = stretches(plan.instances);
  return parts.map((instances, index) => ({
    type: "plan",
    last: index === parts.length - 1,
    plan: { ...plan, instances, ...(index === 0 ? {} : { volumes: [], snapshots: [] }) },
  }));
}
