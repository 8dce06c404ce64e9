/** What a gateway that was studied before this one was built does wrong, and the tests that it is not so here. */
import type { Statement } from "./requirements.ts";

/** Those that no other room has. */
const OWN = "tests/gateway/known-weaknesses.test.ts";
const HOSTILE = "tests/gateway/hostile.test.ts";
const STANDALONE = "tests/gateway/standalone.test.ts";
const CONNECTED = "tests/gateway/connected.test.ts";
const COMPILER = "control-plane/gateways/compiler/compile-gateway.test.ts";
const PLUGINS = "data-plane/gateway/plugins";
const RUNNING = "data-plane/gateway/running/gateway.test.ts";

export const GATEWAY_WEAKNESSES: readonly Statement[] = [
  {
    id: "W1",
    statement: "Gateways of a fleet cannot fetch what is deployed: the download is refused.",
    tests: [
      [CONNECTED, "R19, R20, R25, R30", "R29, R30"],
      ["tests/gateway/killed-in-deploy.test.ts", "W1"],
    ],
  },
  {
    id: "W2",
    statement: "The console cannot sign in to its own API.",
    tests: [["control-plane/api/pages/gateways-page.test.ts", "ask who it is, and come back", "R26", "R35"]],
  },
  {
    id: "W3",
    statement: "Parameters with a type other than text are always refused.",
    tests: [
      [RUNNING, "in parameters, with their types"],
      ["tests/gateway/parameter-matrix.test.ts", "verdict and value are those of"],
    ],
  },
  {
    id: "W4",
    statement: "A signed artifact can be changed: not everything in it is covered.",
    tests: [
      [COMPILER, "is signed, and nothing of it can be changed"],
      ["foundation/sealed-archive/sealed-archive.test.ts", "any byte", "a member that is still sound JSON"],
      [STANDALONE, "R10: that %s starts nothing"],
    ],
  },
  {
    id: "W5",
    statement: "Traces and the metrics of plugins are offered, and nothing comes out.",
    tests: [
      ["tests/gateway/traces.test.ts", "tell of each request"],
      [`${PLUGINS}/ai/guards/guards.test.ts`, "ai-cost-tracker counts tokens and dollars"],
    ],
  },
  {
    id: "W6",
    statement:
      "Cached answers have no body, published keys are not fetched, upstreams are not streamed, and of several Set-Cookie one is left.",
    tests: [
      [`${PLUGINS}/traffic/through-gateway.test.ts`, "what the cache gives is what the upstream gave"],
      [`${PLUGINS}/access/jwt-auth.test.ts`, "are fetched once, again for a key that is not known"],
      [`${PLUGINS}/dispatch/dispatch.test.ts`, "passes requests on, says who asks", "streams both ways"],
    ],
  },
  {
    id: "W7",
    statement: "A gateway by itself takes no other artifact without a restart.",
    tests: [[STANDALONE, "R11, R12", "a hundred other artifacts under load"]],
  },
  {
    id: "W8",
    statement: "The compiler does not look at the configurations of plugins.",
    tests: [
      [COMPILER, "a configuration that does not fit", "what the declaration finds itself"],
      [OWN, "W8, W10"],
    ],
  },
  {
    id: "W9",
    statement: "Who somebody is is read from fields that the client sends.",
    tests: [
      [`${PLUGINS}/access/through-gateway.test.ts`, "who is verified is told", "fields that say who somebody is"],
      [HOSTILE, "fields that say who somebody is, or where from"],
    ],
  },
  {
    id: "W10",
    statement:
      "What cannot be read is left out: parameters and bodies behind references, lists of middlewares, schemas.",
    tests: [
      [OWN, "W10: what parameters", "W8, W10"],
      [
        "foundation/api-description/extensions/extensions.test.ts",
        "a list of middlewares that is none never becomes an empty one",
      ],
      [COMPILER, "a schema that cannot be used"],
    ],
  },
  {
    id: "W11",
    statement:
      "Artifacts that the control plane builds are others than those of the command line, with fewer limits on plugins.",
    tests: [
      ["control-plane/gateways/builds/builds.test.ts", "gives the bytes that the command line gives"],
      ["tests/gateway/plugins.test.ts", "is refused when its capabilities were taken out"],
    ],
  },
  {
    id: "W12",
    statement: "Requests are checked, and what is wrong is told in detail, before it is known who asks.",
    tests: [
      [OWN, "W12"],
      [RUNNING, "admit before anything is checked", "that fail are answered with 500"],
    ],
  },
  {
    id: "W13",
    statement:
      "One token for everybody, no record of who did what; what is revoked goes on; provenance and lists of tools are open.",
    tests: [
      ["control-plane/api/access-matrix.test.ts", "the table of routes and scopes is as reviewed"],
      ["control-plane/api/audited-routes.test.ts", "%s: who did it, or was not let, is on record"],
      [CONNECTED, "R29: end the connections", "R27"],
      ["control-plane/api/gateway-socket.test.ts", "puts who was not let in on record"],
      [
        "tests/gateway/mcp-visible-tools.test.ts",
        "has those that the caller may call",
        "is refused as the operations are",
      ],
    ],
    missing: "Provenance is told on the admin port alone, which is not open to others unless it is told to be.",
  },
  {
    id: "W14",
    statement: "Plugins may reach every private address, or none.",
    tests: [[`${PLUGINS}/modules/http.test.ts`, "servers that its configuration names"]],
    missing: "Plugins of the gateway itself ask the servers that the description names, private or not.",
  },
  {
    id: "W15",
    statement: "Calls of tools pass by the checks and have no address.",
    tests: [
      [OWN, "W15"],
      ["tests/gateway/mcp.test.ts", "is told what the gateway refuses as an error of the tool", "has to bring its own"],
    ],
  },
  {
    id: "W16",
    statement: "Plugins are made anew for each request, keys and connections too.",
    tests: [
      [OWN, "W16"],
      [`${PLUGINS}/modules/http.test.ts`, "while one waits, others go on"],
    ],
  },
  {
    id: "W17",
    statement:
      "A new artifact forgets quotas and leaves open connections on the old one; WebSockets are neither bounded nor ended.",
    tests: [
      [STANDALONE, "a hundred other artifacts under load"],
      [OWN, "W17"],
    ],
  },
  {
    id: "W18",
    statement:
      "Streams wait in memory without bounds, a client that goes leaves its request running; no retries, health, balancing, breaker, timeouts.",
    tests: [
      [`${PLUGINS}/dispatch/dispatch.test.ts`, "streams both ways", "a client that goes away takes its request"],
      [`${PLUGINS}/dispatch/upstream/retries.test.ts`, "to another server, when one answers that it cannot"],
      [`${PLUGINS}/dispatch/upstream/upstream-group.test.ts`, "take requests in turns", "opens, says for how long"],
    ],
  },
  {
    id: "W19",
    statement:
      "Paths shadow each other, parameters take each other's names, and of the same path in two documents one is lost.",
    tests: [
      [OWN, "W19"],
      ["data-plane/gateway/routing/router.test.ts", "parameters have the names of their own operation"],
      ["foundation/api-description/paths/paths.test.ts", "the same path and method in two documents"],
    ],
  },
  {
    id: "W20",
    statement: "What gateways ought to serve is not known; drift is found against what they say themselves.",
    tests: [
      [CONNECTED, "R18"],
      ["tests/gateway/connected-away.test.ts", "R21, R23"],
    ],
  },
  {
    id: "W21",
    statement: "No Windows, no package of npm, plugins in one language.",
    tests: [["tests/gateway/plugins.test.ts", "its example does what it says"]],
    missing:
      "Plugins are WebAssembly, of any language that is compiled to it. There is no build for Windows, and nothing is published.",
  },
  {
    id: "W22",
    statement: "The documentation says what is not so.",
    tests: [
      ["tests/gateway/documentation.test.ts", "docs/gateway.md has every plugin that there is"],
      ["tests/gateway/rollout-tour.test.ts", "of a fleet works when it is pasted"],
      ["tests/gateway/plugins.test.ts", "it has every function of the gateway"],
    ],
  },
  {
    id: "W23",
    statement: "Its license binds whoever offers it as a service.",
    tests: [],
    missing: "Not a matter of tests: Apache-2.0.",
  },
  { id: "W24", statement: "It cannot run within another program.", tests: [[OWN, "W24"]] },
];
