/** The file that remembers when access keys and roles were used. Small, private, replaced whole. */
import { readFileSync } from "node:fs";
import { open, rename } from "node:fs/promises";

/** One use of an access key or a role. */
export interface LastUse {
  /** As IAM names services: `s3`, `dynamodb`, `elasticloadbalancing`. */
  readonly service: string;
  readonly region: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

const FILE_MODE = 0o600;
const FORMAT = 1;

/** @returns by access key id or role id; empty when there is no file @throws SyntaxError, Error when there is one and it cannot be read */
export function readUses(path: string): ReadonlyMap<string, LastUse> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Map();
    throw error;
  }
  const parsed = JSON.parse(text) as { readonly format?: unknown; readonly uses?: unknown };
  if (parsed.format !== FORMAT || typeof parsed.uses !== "object" || parsed.uses === null) {
    throw new SyntaxError(`${path} is not a record of last uses`);
  }
  return new Map(Object.entries(parsed.uses).filter((entry): entry is [string, LastUse] => isUse(entry[1])));
}

function isUse(value: unknown): value is LastUse {
  const { service, region, at } = (value ?? {}) as Partial<Record<keyof LastUse, unknown>>;
  return typeof service === "string" && typeof region === "string" && Number.isSafeInteger(at);
}

/** Whole or not at all: a power failure leaves the old file or the new one. */
export async function writeUses(path: string, uses: Iterable<readonly [id: string, use: LastUse]>): Promise<void> {
  const file = await open(`${path}.tmp`, "w", FILE_MODE);
  try {
    await file.writeFile(JSON.stringify({ format: FORMAT, uses: Object.fromEntries(uses) }));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.tmp`, path);
}
