/** The statements of the gateway's requirement, and the tests that show each. */
import type { Statement } from "./requirements.ts";

const STANDALONE = "tests/gateway/standalone.test.ts";
/** A control plane and gateways as processes. */
const CONNECTED = "tests/gateway/connected.test.ts";
const AWAY = "tests/gateway/connected-away.test.ts";
const START = "tests/gateway/connected-start.test.ts";
const OPTIONS = "apps/gateway/gateway-options.test.ts";
/** The control plane's end of the link, and the gateway's. */
const LINK = "control-plane/gateways/link/gateway-link.test.ts";
const MACHINE = "data-plane/gateway/fleet/fleet-machine.test.ts";
const SIMULATION = "data-plane/gateway/fleet/simulation/fleet.simulation.test.ts";

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
      "No test asserts a time. `npm run bench -- gateway` measures what is added at half load beside nginx and HAProxy: 0.6 ms at 3,900 requests a second (docs/decisions/0026).",
  },
  {
    id: "R3",
    statement: "The gateway is one executable that needs nothing else.",
    tests: [["tests/gateway/executable.test.ts", "R3"]],
    missing: "It needs the system's C library, as Bun does.",
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
    tests: [
      ["tests/gateway/shared-quota.test.ts", "of all requests to three gateways at once", "while the store is away"],
      [
        "tests/gateway/shared-cache.test.ts",
        "what one gateway has kept another answers with",
        "while the store is away no request fails",
      ],
      [
        "data-plane/gateway/plugins/ai/guards/shared-token-budgets.test.ts",
        "what one gateway has taken and put right, all others know",
      ],
      ["tests/gateway/mcp.test.ts", "many tools come in pages, from any of several gateways"],
    ],
    missing:
      "Quotas, budgets of tokens and caches are shared where `rate-limit`, `ai-token-limit` and `cache` are given a `store`. What modules count and keep is each gateway's own.",
  },
  {
    id: "R7",
    statement: "The control plane keeps specs, history and status in a database.",
    tests: [
      ["control-plane/gateways/builds/builds.test.ts", "while it builds: the next one builds it"],
      [LINK, "R18"],
    ],
    missing:
      "Whether a gateway is connected, and how it does, is memory of the control plane, true again one heartbeat after its start.",
  },
  {
    id: "R8",
    statement: "Two control planes on one database do no harm.",
    tests: [
      ["control-plane/core/control-plane-on-postgres.test.ts", "who starts last decides"],
      ["tests/gateway/two-control-planes.test.ts", "R8, R34"],
    ],
  },
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
      ["data-plane/gateway/serving/watched-file.test.ts", "a link that leads elsewhere"],
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
  {
    id: "R15",
    statement: "Connected mode takes http and ws addresses of a control plane, a project and a key.",
    tests: [
      [OPTIONS, "R15"],
      [CONNECTED, "R15"],
      [START, "R15"],
    ],
  },
  {
    id: "R16",
    statement: "A gateway dials the control plane and authenticates with its key.",
    tests: [
      [CONNECTED, "R15, R16"],
      [LINK, "R16, R24"],
    ],
  },
  {
    id: "R17",
    statement: "A heartbeat every 30 s is answered; who is silent is offline in bounded time.",
    tests: [[LINK, "R17"]],
  },
  {
    id: "R18",
    statement: "Status says which artifact is served and how healthy the gateway is.",
    tests: [
      [CONNECTED, "R18"],
      [LINK, "R18"],
    ],
  },
  {
    id: "R19",
    statement: "The control plane notifies, the gateway pulls.",
    tests: [
      [CONNECTED, "R19, R20"],
      [LINK, "R19, R25"],
    ],
  },
  {
    id: "R20",
    statement: "On notification: download, verify, serve, and no request fails.",
    tests: [
      [CONNECTED, "R20: takes twenty", "R20, R13"],
      [SIMULATION, "come to the last artifact that was wanted"],
    ],
  },
  {
    id: "R21",
    statement: "A control plane that is gone is nothing to traffic.",
    tests: [
      [AWAY, "R21, R23"],
      [START, "R21: a gateway that has nothing", "R21: what was served last"],
    ],
  },
  {
    id: "R22",
    statement: "Reconnection after 1 s to 60 s, growing, at random.",
    tests: [[MACHINE, "R22"]],
  },
  {
    id: "R23",
    statement: "After reconnection a gateway comes to serve what is wanted.",
    tests: [
      [AWAY, "R21, R23"],
      [LINK, "R23"],
      [SIMULATION, "come to the last artifact that was wanted"],
    ],
  },
  {
    id: "R24",
    statement: "The control plane tracks gateways of each project.",
    tests: [
      [CONNECTED, "R15, R16, R24"],
      [LINK, "R16, R24"],
    ],
  },
  {
    id: "R25",
    statement: "Only gateways of the project are notified.",
    tests: [
      [CONNECTED, "R19, R20, R25"],
      [LINK, "R19, R25"],
    ],
  },
  {
    id: "R26",
    statement: "People see gateways, versions and health.",
    tests: [
      [CONNECTED, "R18"],
      ["control-plane/api/pages/gateways-page.test.ts", "R26"],
    ],
  },
  {
    id: "R27",
    statement: "Removing a gateway disconnects it.",
    tests: [
      [CONNECTED, "R27"],
      [LINK, "R27"],
    ],
  },
  {
    id: "R28",
    statement: "Keys begin with bbk_, are kept as digests, and shown once.",
    tests: [[CONNECTED, "R28"]],
  },
  {
    id: "R29",
    statement: "Keys have scopes, an end, and can be revoked, also for who is connected.",
    tests: [
      [CONNECTED, "R29, R30", "R29: end the connections"],
      [LINK, "R29: at once", "R29: when its key expires", "R29: is told why"],
    ],
  },
  {
    id: "R30",
    statement: "REST: projects, specs, compilation, artifacts.",
    tests: [
      [CONNECTED, "R19, R20, R25, R30", "R29, R30"],
      ["control-plane/api/own-org.test.ts", "is of the only org of the caller", "must be said of which"],
      ["tests/gateway/compiled-elsewhere.test.ts", "is uploaded, deployed, verified by a gateway with its own key"],
    ],
  },
  {
    id: "R31",
    statement: "REST: data planes and deployment.",
    tests: [[CONNECTED, "R15, R16, R24, R31", "R27"]],
  },
  {
    id: "R32",
    statement: "WebSocket: /ws/data-plane.",
    tests: [
      [CONNECTED, "R15, R16, R24, R31, R32"],
      ["control-plane/api/gateway-socket.test.ts", "R32: /ws/data-plane"],
    ],
  },
  {
    id: "R33",
    statement: "Records of data planes and keys as given.",
    tests: [
      [LINK, "R16, R24"],
      [CONNECTED, "R28"],
    ],
    missing: "They are records of the event log and its views, rather than tables of these names.",
  },
  {
    id: "R34",
    statement: "Connections are tracked over all control planes.",
    tests: [
      [LINK, "R16, R24"],
      [AWAY, "R21, R23"],
      ["tests/gateway/two-control-planes.test.ts", "R8, R34"],
    ],
    missing:
      "One control plane decides at a time and has all connections; one that starts beside it deposes it, and gateways come to that.",
  },
  {
    id: "R35",
    statement: "Deployment in the console.",
    tests: [["control-plane/api/pages/gateways-page.test.ts", "R35"]],
  },
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
  },
];
