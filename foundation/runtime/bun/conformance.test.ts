import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runtimeConformance } from "../conformance.ts";
import { createSystemRuntime } from "./runtime.ts";

runtimeConformance("system", async (body) => {
  const directory = await mkdtemp(join(tmpdir(), "runtime-"));
  const failures: unknown[] = [];
  try {
    await body({
      runtime: createSystemRuntime((name, error) => failures.push(name, error)),
      directory,
      host: "127.0.0.1",
    });
    if (failures.length > 0) throw new AggregateError(failures, "a spawned task failed");
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
