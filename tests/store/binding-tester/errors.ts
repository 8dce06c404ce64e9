/**
 * Errors by FoundationDB's numbers.
 */
import { STORE_ERRORS, StoreError, type StoreErrorName } from "#data-plane/store/errors";
import { pack } from "#data-plane/store/tuple";

/** A number that the store has no name for. */
class OtherError extends Error {
  constructor(readonly number: number) {
    super(`FoundationDB's error ${number}`);
  }
}

const NAMES: ReadonlyMap<number, StoreErrorName> = new Map(
  Object.entries(STORE_ERRORS).map(([name, number]) => [number, name as StoreErrorName]),
);

export function errorOf(number: number): Error {
  // Success is no error.
  if (number === 0) return new StoreError("client_invalid_operation", "for the test");
  const name = NAMES.get(number);
  return name === undefined ? new OtherError(number) : new StoreError(name, "for the test");
}

/** As the tester shows an error. Rethrows what is none of FoundationDB's. */
export function packError(error: unknown): Uint8Array {
  if (!(error instanceof StoreError || error instanceof OtherError)) throw error;
  const bytes = (text: string) => new TextEncoder().encode(text);
  return pack([bytes("ERROR"), bytes(String(error.number))]);
}
