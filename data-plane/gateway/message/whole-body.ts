/** A body that is in memory. */
import type { RequestBody } from "./gateway-exchange.ts";

export class WholeBody implements RequestBody {
  readonly stream = undefined;
  bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get length(): number {
    return this.bytes.length;
  }

  replace(bytes: Uint8Array): void {
    this.bytes = bytes;
  }
}
