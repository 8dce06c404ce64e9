/** WebAssembly modules from their text form, for tests. */
import wabt from "wabt";

const tools = await wabt();

/** @example wat(`(module (memory (export "memory") 1))`) */
export function wat(text: string): Uint8Array<ArrayBuffer> {
  const module = tools.parseWat("test.wat", text, { tail_call: true, exceptions: true, threads: true, memory64: true });
  try {
    module.resolveNames();
    return new Uint8Array(module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}
