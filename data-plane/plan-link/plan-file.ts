/** The last plan, on disk: whole or not at all, and never a damaged one. */
import { createHash } from "node:crypto";
import type { ControlPlaneId } from "#contracts";
import { readFileIfThere, writePrivateFile } from "#foundation/files";

/** A plan and whose it is. */
export interface KeptPlan<Plan> {
  readonly controlPlaneId: ControlPlaneId;
  readonly plan: Plan;
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Durable when it returns. The first line is the digest of the second. */
export function keepPlan<Plan>(path: string, kept: KeptPlan<Plan>): void {
  const text = JSON.stringify(kept);
  writePrivateFile(path, `${digest(text)}\n${text}\n`);
}

/** The kept plan; `damaged` when the file is there and is not what was written. */
export function readPlan<Plan>(path: string): KeptPlan<Plan> | "damaged" | undefined {
  const file = readFileIfThere(path);
  if (file === undefined) return undefined;
  const [hash, text] = file.split("\n", 2);
  if (text === undefined || digest(text) !== hash) return "damaged";
  return JSON.parse(text) as KeptPlan<Plan>;
}
