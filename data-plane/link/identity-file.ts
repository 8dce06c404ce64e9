/** Who this data plane is, in a file of its own: a catalog that is lost comes back from the control plane, but only to the data plane that it knows. */
import { readFileSync } from "node:fs";
import type { DataPlaneId } from "#contracts";
import { writePrivateFile } from "#foundation/files";

const FORM = /^[A-Za-z0-9._:-]{1,128}$/;

/** The file is there and holds something else. */
export class IdentityFileInvalid extends Error {
  override readonly name = "IdentityFileInvalid";
  readonly code = "Corrupt";
}

/** @returns undefined where there is no such file. @throws IdentityFileInvalid */
export function readIdentity(path: string): DataPlaneId | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  if (FORM.test(text)) return text as DataPlaneId;
  const advice = "restore it, or remove it where the catalog beside it is sound";
  throw new IdentityFileInvalid(`${path} does not hold the identity of a data plane; ${advice}`);
}

/** Durable when it returns. */
export function writeIdentity(path: string, identity: DataPlaneId): void {
  writePrivateFile(path, `${identity}\n`);
}
