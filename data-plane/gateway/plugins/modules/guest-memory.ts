/** The memory of a module, as functions of the host use it: never outside of it, and not for nothing. */
import { GuestFault } from "./guest-fault.ts";

/** What a function of the host costs before it touches anything, in instructions. */
const CALL_COST = 200;

export class GuestMemory {
  readonly #memory: WebAssembly.Memory;
  #view: Buffer;
  /** What functions of the host may still do in this call: copying is no instruction of the module, and takes time as well. */
  budget = 0;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#view = Buffer.from(memory.buffer as ArrayBuffer);
  }

  /** All of it. Only until the module runs again. */
  get view(): Buffer {
    // What was there before memory grew is empty.
    if (this.#view.length === 0) this.#view = Buffer.from(this.#memory.buffer as ArrayBuffer);
    return this.#view;
  }

  /** @param octets that are copied or looked at @throws GuestFault */
  charge(octets = 0): void {
    this.budget -= CALL_COST + (octets >>> 4);
    if (this.budget < 0) throw new GuestFault("instructions", "it has the gateway do more than it may in one call");
  }

  /** Octets that it names. @throws GuestFault when they are not all in its memory */
  octets(pointer: number, length: number): Buffer {
    const { at, end } = this.#span(pointer, length);
    this.charge(end - at);
    return this.view.subarray(at, end);
  }

  /** Text of a message: an octet is a character (as fields of HTTP are). */
  latin1(pointer: number, length: number): string {
    const { at, end } = this.#span(pointer, length);
    this.charge(end - at);
    return this.view.toString("latin1", at, end);
  }

  utf8(pointer: number, length: number): string {
    const { at, end } = this.#span(pointer, length);
    this.charge(end - at);
    return this.view.toString("utf8", at, end);
  }

  /** Puts a text there when there is room for all of it. @returns how long it is */
  putLatin1(text: string, pointer: number, capacity: number): number {
    const { at, end } = this.#span(pointer, capacity);
    this.charge(text.length);
    if (text.length <= end - at) this.view.write(text, at, "latin1");
    return text.length;
  }

  /** As {@link putLatin1}. */
  putOctets(octets: Uint8Array, pointer: number, capacity: number): number {
    const { at, end } = this.#span(pointer, capacity);
    this.charge(octets.length);
    if (octets.length <= end - at) this.view.set(octets, at);
    return octets.length;
  }

  /** As much of something from a place on as there is room for. @returns how much that is */
  putPart(octets: Uint8Array, offset: number, pointer: number, capacity: number): number {
    const { at, end } = this.#span(pointer, capacity);
    const part = octets.subarray(Math.min(offset >>> 0, octets.length), (offset >>> 0) + (end - at));
    this.charge(part.length);
    this.view.set(part, at);
    return part.length;
  }

  #span(pointer: number, length: number): { readonly at: number; readonly end: number } {
    const at = pointer >>> 0;
    const end = at + (length >>> 0);
    if (end > this.view.length) {
      throw new GuestFault("fault", `it names octets ${at} to ${end} of a memory of ${this.view.length}`);
    }
    return { at, end };
  }
}
