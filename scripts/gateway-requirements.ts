/** The statements of the gateway's requirement, and the tests that show each. */
import type { Statement } from "./requirements.ts";

const STANDALONE = "tests/gateway/standalone.test.ts";
const FLEET = "Connected mode is not built yet.";

const fleet = (id: string, statement: string): Statement => ({ id, statement, tests: [], missing: FLEET });

export const GATEWAY_STATEMENTS: readonly Statement[] = [
  {
    id: "R1",
    statement:
      "Control plane and gateway are executables of their own; the gateway has no code of a control plane in it.",
    tests: [["tests/gateway/bundle.test.ts", "R1"]],
  },
  {
    id: "R2",
    statement: "What the gateway adds stays below 5 ms at the 99th percentile.",
    tests: [],
    missing:
      "`npm run bench -- gateway` measures throughput and latency at full load; latency that is added at half load is not measured yet.",
  },
  {
    id: "R3",
    statement: "The gateway is one executable that needs nothing else.",
    tests: [["tests/gateway/bundle.test.ts", "R1"]],
    missing: "`npm run build` makes it; no test runs it away from the clone.",
  },
  {
    id: "R4",
    statement: "What a gateway does follows from artifact, options and secrets alone.",
    tests: [[STANDALONE, "R9, R14"]],
  },
  {
    id: "R5",
    statement: "A gateway can be asked for health and metrics, and told nothing.",
    tests: [[STANDALONE, "R9, R14"]],
  },
  {
    id: "R6",
    statement: "Several gateways of one artifact behave as one.",
    tests: [],
    missing: "Limits and caches are those of each process.",
  },
  fleet("R7", "The control plane keeps specs, history and status in a database."),
  fleet("R8", "Two control planes on one database do no harm."),
  { id: "R9", statement: "A gateway needs an artifact and no network.", tests: [[STANDALONE, "R9, R14"]] },
  {
    id: "R10",
    statement: "An artifact that cannot be used ends the start with a failure, and nothing listens.",
    tests: [[STANDALONE, "R10"]],
  },
  {
    id: "R11",
    statement:
      "Another artifact in the file is served, by a rename or by a link that leads elsewhere, and no request fails.",
    tests: [
      [STANDALONE, "R11, R12", "a hundred other artifacts"],
      ["data-plane/gateway/serving/artifact-file.test.ts", "a link that leads elsewhere"],
    ],
  },
  {
    id: "R12",
    statement: "SIGHUP reads the artifact again.",
    tests: [[STANDALONE, "R11, R12", "a hundred other artifacts"]],
  },
  {
    id: "R13",
    statement: "A bad artifact is refused, told in health and metrics, and the old one goes on.",
    tests: [
      [STANDALONE, "R13"],
      ["data-plane/gateway/running/gateway.test.ts", "that cannot be used is refused"],
    ],
  },
  {
    id: "R14",
    statement: "A gateway works without any network but its own traffic.",
    tests: [[STANDALONE, "R9, R14"]],
  },
  fleet("R15", "Connected mode takes http and ws addresses of a control plane, a project and a key."),
  fleet("R16", "A gateway dials the control plane and authenticates with its key."),
  fleet("R17", "A heartbeat every 30 s is answered; who is silent is offline in bounded time."),
  fleet("R18", "Status says which artifact is served and how healthy the gateway is."),
  fleet("R19", "The control plane notifies, the gateway pulls."),
  fleet("R20", "On notification: download, verify, serve, and no request fails."),
  fleet("R21", "A control plane that is gone is nothing to traffic."),
  fleet("R22", "Reconnection after 1 s to 60 s, growing, at random."),
  fleet("R23", "After reconnection a gateway comes to serve what is wanted."),
  fleet("R24", "The control plane tracks gateways of each project."),
  fleet("R25", "Only gateways of the project are notified."),
  fleet("R26", "People see gateways, versions and health."),
  fleet("R27", "Removing a gateway disconnects it."),
  fleet("R28", "Keys begin with bbk_, are kept as digests, and shown once."),
  fleet("R29", "Keys have scopes, an end, and can be revoked, also for who is connected."),
  fleet("R30", "REST: projects, specs, compilation, artifacts."),
  fleet("R31", "REST: data planes and deployment."),
  fleet("R32", "WebSocket: /ws/data-plane."),
  fleet("R33", "Records of data planes and keys as given."),
  fleet("R34", "Connections are tracked over all control planes."),
  fleet("R35", "Deployment in the console."),
  {
    id: "R36",
    statement: "OpenAPI and AsyncAPI are read, judged and compiled.",
    tests: [
      ["control-plane/gateways/compiler/published-descriptions.test.ts", "compile, or are refused"],
      [
        "control-plane/gateways/compiler/compile-gateway.test.ts",
        "becomes a plan with shapes",
        "becomes the same bytes",
      ],
    ],
    missing: "The compiler is there; no control plane takes descriptions in yet.",
  },
];
