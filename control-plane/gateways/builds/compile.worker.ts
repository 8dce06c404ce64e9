/** A thread for one build: descriptions come from anybody, and may keep the compiler busy for long. */
import type { BuildInput } from "./build-input.ts";
import { compileBuild } from "./compile-build.ts";
import type { FromCompileThread } from "./compile-thread.ts";

declare const self: {
  onmessage: ((event: MessageEvent<BuildInput>) => void) | null;
  postMessage(message: FromCompileThread): void;
};

self.onmessage = ({ data: input }) => {
  try {
    self.postMessage({ type: "built", output: compileBuild(input) });
  } catch (error) {
    self.postMessage({ type: "failed", message: error instanceof Error ? error.message : String(error) });
  }
};
