import { describeRuntime } from "../conformance/runtime-suite.ts";
import { openProcessRuntime } from "./process-runtime.ts";

describeRuntime("process", (stateDirectory) => openProcessRuntime({ stateDirectory }));
describeRuntime("process without groups and namespaces", (stateDirectory) =>
  openProcessRuntime({ stateDirectory, cgroupParent: "none", mountNamespace: false }),
);
