/**
 * What every part of the conformance suite is given.
 */

import { expect } from "bun:test";
import type { Runtime } from "../ports/runtime.ts";

/** A world of its own for one test. */
export interface ConformanceWorld {
  readonly runtime: Runtime;
  /** An existing, empty directory. */
  readonly directory: string;
  /** The host on which the test may listen. */
  readonly host: string;
}

/** Runs one test body in a fresh world, and rejects (or throws) when the body does. */
export type InWorld = (body: (world: ConformanceWorld) => Promise<void>) => Promise<void>;

/** Text to bytes. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Bytes to text. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Expects the promise to reject with an error that has the code. */
export async function expectCode(promise: Promise<unknown>, code: string): Promise<void> {
  let caught: unknown;
  try {
    await promise;
  } catch (error) {
    caught = error;
  }
  expect(caught).toMatchObject({ code });
}
