/**
 * A transaction as FoundationDB's C API has it: what is wrong with a write is said by the next call that waits for something, and by all after it until
 * the transaction is reset; and leaving out a write conflict is an option of the next write.
 */
import type { AtomicOperation } from "#data-plane/store/atomic-operations";
import type { ReadTransaction, StoreTransaction } from "#data-plane/store/client";

export class BoundTransaction {
  private deferred: { readonly error: unknown } | undefined;
  private nextWithoutConflict = false;

  constructor(readonly inner: StoreTransaction) {}

  /** To call before anything that waits. */
  checkDeferred(): StoreTransaction {
    if (this.deferred !== undefined) throw this.deferred.error;
    return this.inner;
  }

  reads(snapshot: boolean): ReadTransaction {
    this.checkDeferred();
    return snapshot ? this.inner.snapshot : this.inner;
  }

  set(key: Uint8Array, value: Uint8Array): void {
    const options = this.writeOptions();
    this.defer(() => this.inner.set(key, value, options));
  }

  clear(key: Uint8Array): void {
    const options = this.writeOptions();
    this.defer(() => this.inner.clear(key, options));
  }

  clearRange(begin: Uint8Array, end: Uint8Array): void {
    const options = this.writeOptions();
    this.defer(() => this.inner.clearRange(begin, end, options));
  }

  atomic(operation: string, key: Uint8Array, operand: Uint8Array): void {
    const options = this.writeOptions();
    this.defer(() => applyAtomicByName(this.inner, operation, key, operand, options));
  }

  setReadVersion(version: bigint): void {
    this.defer(() => this.inner.setReadVersion(version));
  }

  disableNextWriteConflict(): void {
    this.nextWithoutConflict = true;
  }

  async onError(error: unknown): Promise<void> {
    await this.inner.onError(error);
    this.forget();
  }

  reset(): void {
    this.inner.reset();
    this.forget();
  }

  private forget(): void {
    this.deferred = undefined;
    this.nextWithoutConflict = false;
  }

  private writeOptions(): { withoutConflict: boolean } {
    const withoutConflict = this.nextWithoutConflict;
    this.nextWithoutConflict = false;
    return { withoutConflict };
  }

  private defer(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.deferred ??= { error };
    }
  }
}

/** The tester's names are ours in capitals. */
export function applyAtomicByName(
  transaction: StoreTransaction,
  name: string,
  key: Uint8Array,
  operand: Uint8Array,
  options?: { readonly withoutConflict: boolean },
): void {
  if (name === "SET_VERSIONSTAMPED_KEY") transaction.setVersionstampedKey(key, operand);
  else if (name === "SET_VERSIONSTAMPED_VALUE") transaction.setVersionstampedValue(key, operand, options);
  else transaction.atomic(name.toLowerCase() as AtomicOperation, key, operand, options);
}
