import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { skipUnless } from "../../../../tests/support/skips.ts";
import { describeRuntime } from "../conformance/runtime-suite.ts";
import { openContainerRuntime } from "./container-runtime.ts";

const scratch = mkdtempSync(join(tmpdir(), "biplane-probe-"));
const tried = openContainerRuntime({ stateDirectory: scratch });
const { runs } = await tried.probe();
tried.close();
rmSync(scratch, { recursive: true, force: true });

if (!runs.usable) skipUnless(false, runs.reason)("containers: what every runtime must do", () => undefined);
else describeRuntime("container", (stateDirectory) => openContainerRuntime({ stateDirectory }), "container");
