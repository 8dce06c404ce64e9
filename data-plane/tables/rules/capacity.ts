/**
 * Capacity units as DynamoDB counts them, and the `ConsumedCapacity` of answers (Developer Guide, "DynamoDB read and write capacity"). Pure.
 */
import type { DynamoDB } from "#foundation/aws";
import type { IndexChange } from "../engine/port.ts";

/** A read unit covers 4 KB, a write unit 1 KB. */
const READ_UNIT_BYTES = 4096;
const WRITE_UNIT_BYTES = 1024;
/** Transactions prepare and commit: two units for one. */
const TRANSACTION_FACTOR = 2;

export type ReadMode = "eventual" | "strong" | "transaction";

const READ_FACTORS: Readonly<Record<ReadMode, number>> = { eventual: 0.5, strong: 1, transaction: TRANSACTION_FACTOR };

/** Units of a read of so many bytes together. Nothing found costs as much as something small. */
export function readUnits(bytes: number, mode: ReadMode): number {
  return Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES)) * READ_FACTORS[mode];
}

/** Units of a write of one item: the larger of before and after counts. */
export function writeUnits(oldSize: number, newSize: number, transaction = false): number {
  const units = Math.max(1, Math.ceil(Math.max(oldSize, newSize) / WRITE_UNIT_BYTES));
  return transaction ? units * TRANSACTION_FACTOR : units;
}

/** Units of what a write changed in one index. An entry that moves is deleted and written. */
export function indexWriteUnits(change: IndexChange, transaction = false): number {
  const { oldSize, newSize, moved } = change;
  const units = moved
    ? Math.ceil(oldSize / WRITE_UNIT_BYTES) + Math.ceil(newSize / WRITE_UNIT_BYTES)
    : Math.max(1, Math.ceil(Math.max(oldSize, newSize) / WRITE_UNIT_BYTES));
  return transaction ? units * TRANSACTION_FACTOR : units;
}

export type IndexKind = "local" | "global";

/** Adds up what operations on one table consumed. */
export class ConsumedUnits {
  readonly #read: boolean;
  #table = 0;
  readonly #indexes = new Map<string, { readonly kind: IndexKind; units: number }>();

  /** @param direction decides which of the split members an answer of a transaction has */
  constructor(direction: "read" | "write") {
    this.#read = direction === "read";
  }

  addTable(units: number): void {
    this.#table += units;
  }

  addIndex(name: string, kind: IndexKind, units: number): void {
    const known = this.#indexes.get(name);
    if (known === undefined) this.#indexes.set(name, { kind, units });
    else known.units += units;
  }

  /** What another operation on the same table consumed. */
  add(other: ConsumedUnits): void {
    this.addTable(other.#table);
    for (const [name, { kind, units }] of other.#indexes) this.addIndex(name, kind, units);
  }

  get total(): number {
    let total = this.#table;
    for (const { units } of this.#indexes.values()) total += units;
    return total;
  }

  /** On the table alone, and on one index. */
  get tableUnits(): number {
    return this.#table;
  }
  indexUnits(name: string): number {
    return this.#indexes.get(name)?.units ?? 0;
  }

  /**
   * @param tableName as the client named the table
   * @param split whether read and write units are told apart (transactions)
   */
  describe(tableName: string, wanted: "TOTAL" | "INDEXES", split: boolean): DynamoDB.ConsumedCapacity {
    const amount = (units: number): DynamoDB.Capacity => {
      if (!split) return { CapacityUnits: units };
      return this.#read
        ? { CapacityUnits: units, ReadCapacityUnits: units }
        : { CapacityUnits: units, WriteCapacityUnits: units };
    };
    const total = { TableName: tableName, ...amount(this.total) };
    if (wanted === "TOTAL") return total;
    return { ...total, Table: amount(this.#table), ...this.#perIndex(amount) };
  }

  #perIndex(amount: (units: number) => DynamoDB.Capacity): DynamoDB.ConsumedCapacity {
    const of = (kind: IndexKind) =>
      Object.fromEntries(
        [...this.#indexes].filter(([, index]) => index.kind === kind).map(([name, { units }]) => [name, amount(units)]),
      );
    const [local, global] = [of("local"), of("global")];
    return {
      ...(Object.keys(local).length > 0 && { LocalSecondaryIndexes: local }),
      ...(Object.keys(global).length > 0 && { GlobalSecondaryIndexes: global }),
    };
  }
}
