/** Who this node is: an id and a key of its own, made at its first start and kept on its disk. */
import { join } from "node:path";
import { readFileIfThere, writePrivateFile } from "#foundation/files";
import type { Random } from "#foundation/runtime";

export interface NodeIdentity {
  /** `nod_` and 24 hexadecimal digits. */
  readonly nodeId: string;
  /** 32 random bytes, base64url: nobody else registers under the id. */
  readonly nodeKey: string;
}

/** @throws Error when the file holds something else */
export function openNodeIdentity(directory: string, random: Random): NodeIdentity {
  const path = join(directory, "node.json");
  const text = readFileIfThere(path);
  if (text !== undefined) {
    const kept = JSON.parse(text) as Partial<NodeIdentity>;
    if (/^nod_[0-9a-f]{24}$/.test(kept.nodeId ?? "") && typeof kept.nodeKey === "string") return kept as NodeIdentity;
    throw new Error(`${path} does not hold the identity of a node; restore it, or remove it to join as a new node`);
  }
  const identity = {
    nodeId: `nod_${Buffer.from(random.bytes(12)).toString("hex")}`,
    nodeKey: Buffer.from(random.bytes(32)).toString("base64url"),
  };
  writePrivateFile(path, `${JSON.stringify(identity)}\n`);
  return identity;
}
