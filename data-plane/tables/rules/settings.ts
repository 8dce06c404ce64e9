/** The section `settings` of a table's record: what is kept and shown, beside what has a section of its own. Pure. */
import type { TableRecord, TableSections } from "#contracts";
import { TableValidation } from "#data-plane/tables/values";
import type { DynamoDB } from "#foundation/aws";

const INVALID = "One or more parameter values were invalid: ";

/** Units a second that a table could take at once; here it always can. */
export interface KeptWarmThroughput {
  readonly read: number;
  readonly write: number;
}

export interface IndexSettings {
  readonly warmThroughput?: KeptWarmThroughput;
  readonly maxReadRequestUnits?: number;
  readonly maxWriteRequestUnits?: number;
}

/** Where a table was restored from. Epoch milliseconds. */
export interface KeptRestore {
  readonly at: number;
  readonly backupArn: string;
  readonly tableArn: string;
  /** The items are not all there yet. */
  readonly inProgress?: true;
}

export interface TableSettings {
  readonly warmThroughput?: KeptWarmThroughput;
  /** By name of the global index. */
  readonly indexes?: Readonly<Record<string, IndexSettings>>;
  /** Epoch milliseconds of the last change of the table class. */
  readonly classChangedAt?: number;
  /** Decimal digits; another text at each change. */
  readonly policyRevision?: string;
  readonly streamPolicyRevision?: string;
  readonly restore?: KeptRestore;
}

/** The section belongs to this room alone: nobody else writes it. */
export const settingsOf = (record: Pick<TableRecord, "sections">): TableSettings =>
  (record.sections.settings ?? {}) as TableSettings;

/** The section's new value; null removes it when nothing is left. */
export function withSettings(settings: TableSettings): NonNullable<TableSections["settings"]> | null {
  const entries = Object.entries(settings).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? null : Object.fromEntries(entries);
}

/** @throws TableValidation */
export function warmThroughput(
  asked: DynamoDB.WarmThroughput | undefined,
  before: KeptWarmThroughput,
): KeptWarmThroughput | undefined {
  if (asked === undefined) return undefined;
  const { ReadUnitsPerSecond: read = before.read, WriteUnitsPerSecond: write = before.write } = asked;
  if (read < before.read || write < before.write) {
    throw new TableValidation(
      `${INVALID}Requested WarmThroughput for table is lower than the current WarmThroughput. Requested ReadUnitsPerSecond: ${read}, WriteUnitsPerSecond: ${write}. Current ReadUnitsPerSecond: ${before.read}, WriteUnitsPerSecond: ${before.write}`,
    );
  }
  return { read, write };
}

/** What a new on-demand table can take (Developer Guide, "Initial throughput and scaling properties"). */
const ON_DEMAND_WARM: KeptWarmThroughput = { read: 12_000, write: 4_000 };

/** The warm throughput of a table or index for which nothing was asked. */
export function defaultWarm(
  throughput: { readonly read: number; readonly write: number } | undefined,
): KeptWarmThroughput {
  return throughput === undefined ? ON_DEMAND_WARM : { read: throughput.read, write: throughput.write };
}

/**
 * Items are protected by the file system that holds them; keys of KMS there are none.
 * @throws TableValidation when encryption with such a key is asked for
 */
export function checkEncryption(asked: DynamoDB.SSESpecification | undefined): void {
  if (asked === undefined) return;
  if (asked.Enabled !== true) {
    if (asked.KMSMasterKeyId === undefined && asked.SSEType === undefined) return;
    throw new TableValidation(
      `${INVALID}SSEType and KMSMasterKeyId can only be specified when SSESpecification is enabled`,
    );
  }
  throw new TableValidation(
    `${INVALID}Encryption with keys of AWS KMS is not available here; create the table without SSESpecification`,
  );
}

/** @throws TableValidation for what only a cloud of several regions can do */
export function refuseReplication(asked: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(asked)) {
    if (value !== undefined) {
      throw new TableValidation(`${INVALID}${name} is not supported: this cloud has no global tables`);
    }
  }
}

/** @throws TableValidation */
export function refuseVectors(asked: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(asked)) {
    if (value !== undefined)
      throw new TableValidation(`${INVALID}${name} is not supported: there are no vector indexes here`);
  }
}
