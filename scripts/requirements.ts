/** The statements of the platform's requirement, and the tests that show each. What is only partly there says what is missing. */

export interface Statement {
  readonly id: string;
  readonly statement: string;
  /** A file and, in it, parts of the names of tests. */
  readonly tests: readonly (readonly [file: string, ...names: string[]])[];
  /** What the tests do not show, or what is not built. */
  readonly missing?: string;
}

export const STATEMENTS: readonly Statement[] = [
  {
    id: "S1",
    statement: "The control plane runs no workload; it only declares what shall be.",
    tests: [
      ["tests/architecture/no-programs.test.ts", "the control plane starts no program"],
      ["tests/platform/zero-downtime.test.ts", "agents that are killed"],
    ],
  },
  {
    id: "S2",
    statement: "Agents report what is; they never order what shall be.",
    tests: [
      [
        "control-plane/api/node-credentials.test.ts",
        "what a node has opens none",
        "what it says of it is not believed",
      ],
      ["control-plane/api/hostile-data-plane.test.ts", "the key that data planes hold makes nothing"],
    ],
  },
  {
    id: "S3",
    statement: "One writer of the log, whatever starts beside it.",
    tests: [
      ["control-plane/core/control-plane-on-postgres.test.ts", "who starts last decides"],
      ["control-plane/events/store/postgres-faults.test.ts", "who takes over waits for what is being written"],
    ],
  },
  {
    id: "S4",
    statement: "Events are only ever appended.",
    tests: [
      ["control-plane/events/store/sqlite-event-store.test.ts", "refuses changes and removals from anyone"],
      ["control-plane/events/store/postgres-event-store.test.ts", "refuses changes by the role of the running program"],
    ],
  },
  {
    id: "S5",
    statement: "Every transition that matters is an event.",
    tests: [
      ["control-plane/scheduler/whole-control-plane.test.ts", "whatever is commanded, reported"],
      ["control-plane/core/random-commands.test.ts", "whatever is commanded"],
      ["control-plane/scheduler/scheduler.property.test.ts", "whatever happens"],
    ],
  },
  {
    id: "S6",
    statement: "A reader by cursor sees every event once, in order, also when transactions commit out of order.",
    tests: [
      ["control-plane/events/store/conformance.ts", "a reader by cursor sees every event once"],
      ["control-plane/events/store/postgres-faults.test.ts", "a sequence of the database hands out numbers"],
    ],
  },
  {
    id: "S7",
    statement: "Sequences of an aggregate are gapless from 1.",
    tests: [["control-plane/events/store/conformance.ts", "append() of misnumbered events is refused"]],
  },
  {
    id: "S8",
    statement: "Events have versions; what is unknown is a loud error that stays where it is.",
    tests: [
      ["control-plane/events/golden-events.test.ts", "each folds to the record", "one of a version to come"],
      ["control-plane/events/older-events.test.ts", "make the users of today"],
      ["control-plane/core/rebuild-views.test.ts", "an event that does not fit is quarantined"],
    ],
  },
  {
    id: "S9",
    statement: "State is rebuilt from events alone, and equals what was there.",
    tests: [
      ["control-plane/scheduler/whole-control-plane.test.ts", "whatever is commanded, reported"],
      ["control-plane/core/random-commands.test.ts", "whatever is commanded"],
      ["control-plane/core/rebuild-views.test.ts", "prove equality, find a wrong row"],
    ],
  },
  {
    id: "S10",
    statement: "Views are written by folding events alone.",
    tests: [
      ["control-plane/core/rebuild-views.test.ts", "prove equality, find a wrong row"],
      ["control-plane/events/views/view-keeper.test.ts", "folds what the stored rows do not cover"],
    ],
    missing:
      "Views and events are written by one role in one transaction (decision 0014): there is no role that writes views only.",
  },
  {
    id: "S11",
    statement: "Who writes reads the effect at once.",
    tests: [["control-plane/core/open-control-plane.test.ts", "answers with the event, and the views have its effect"]],
    missing:
      "There are no eventual endpoints, so no table of two classes: every read sees every write that was answered (decision 0014).",
  },
  {
    id: "S12",
    statement: "A write that cannot be read yet waits, and says so clearly when it takes too long.",
    tests: [["control-plane/core/command-executor.test.ts", "nobody hears of a batch that was not written"]],
    missing: "It cannot happen: an answer is given after the views have the effect (decision 0014).",
  },
  {
    id: "S13",
    statement: "Every call is authenticated.",
    tests: [["control-plane/api/serve-api.test.ts", "every route is refused without a token"]],
  },
  {
    id: "S14",
    statement: "Every call is authorized by role, scope and org; what is foreign looks like nothing.",
    tests: [
      ["control-plane/api/access-matrix.test.ts", "as %s", "tell a foreign id from none in no way"],
      ["control-plane/applications/applications.test.ts", "apps, environments, releases, deploys, routes"],
    ],
  },
  {
    id: "S15",
    statement: "Secrets, routes, nodes and administration have scopes of their own.",
    tests: [["control-plane/api/access-matrix.test.ts", "the table of routes and scopes is as reviewed", "as %s"]],
  },
  {
    id: "S16",
    statement: "A command is checked, decided, appended and answered, in this order; a refused one leaves nothing.",
    tests: [["control-plane/core/hostile-commands.test.ts", "are refused as ValidationFailed, and append nothing"]],
  },
  {
    id: "S17",
    statement: "The same command under the same key is carried out once.",
    tests: [
      [
        "control-plane/core/remembered-answers.test.ts",
        "the same key gives the first answer",
        "repetitions within one batch",
      ],
      ["control-plane/api/serve-api.test.ts", "are decided once per idempotency key"],
    ],
    missing: "The server makes no key for who sends none: nobody could send it again (decision 0014).",
  },
  {
    id: "S18",
    statement: "The events of a command are there together or not at all.",
    tests: [["control-plane/events/store/conformance.ts", "are kept together or not at all"]],
  },
  {
    id: "S19",
    statement: "What must hold is held by the handlers, the fold and the store.",
    tests: [
      ["control-plane/core/command-executor.test.ts", "decides what no view can take, fails alone"],
      ["control-plane/events/store/postgres-event-store.test.ts", "refuses changes by the role of the running program"],
    ],
  },
  {
    id: "S20",
    statement: "The scheduler reads views and gives events; it is a function.",
    tests: [["control-plane/scheduler/scheduler-rules.test.ts", "a group is spread", "processors are never refused"]],
  },
  {
    id: "S21",
    statement: "A node that drains is emptied without a gap; what holds it up is named.",
    tests: [
      ["control-plane/scheduler/scheduler-rules.test.ts", "one that drains is emptied without a gap"],
      ["tests/platform/zero-downtime.test.ts", "a node is drained"],
    ],
  },
  {
    id: "S22",
    statement: "What was on a node that is lost runs elsewhere.",
    tests: [["control-plane/scheduler/scheduler-rules.test.ts", "what was on one that is lost runs elsewhere"]],
  },
  {
    id: "S23",
    statement: "Memory of a node is never promised twice.",
    tests: [
      ["control-plane/scheduler/whole-control-plane.test.ts", "whatever is commanded, reported"],
      ["control-plane/scheduler/scheduler.property.test.ts", "whatever happens"],
      ["control-plane/scheduler/scheduler-rules.test.ts", "the memory of a node is never promised twice"],
    ],
  },
  {
    id: "S24",
    statement: "Processors are shared, and only preferred.",
    tests: [["control-plane/scheduler/scheduler-rules.test.ts", "processors are never refused, only preferred"]],
  },
  {
    id: "S25",
    statement: "An instance with a volume runs where the volume is, one at a time.",
    tests: [
      ["control-plane/scheduler/whole-control-plane.test.ts", "whatever is commanded, reported"],
      ["tests/platform/volumes.test.ts", "a deploy makes what the manifest declares"],
      [
        "control-plane/scheduler/volumes.test.ts",
        "an instance with a volume runs where",
        "while its node is away it waits",
      ],
    ],
  },
  {
    id: "S26",
    statement: "An instance is of one process type and has one command.",
    tests: [["control-plane/plans/plans.test.ts", "has its own instances, one command each"]],
  },
  {
    id: "S27",
    statement: "Where a route leads nowhere, the status says why.",
    tests: [["control-plane/plans/plans.test.ts", "lead to what is ready and stays, and say why where nothing is"]],
  },
  {
    id: "S28",
    statement: "Consumers go on where they were.",
    tests: [
      ["control-plane/events/feed/change-feed.test.ts", "with a cursor gives what changed since"],
      ["data-plane/plan-link/plan-link.test.ts", "where it stands is told at once"],
    ],
  },
  {
    id: "S29",
    statement: "What comes twice, or late, does no harm.",
    tests: [
      ["tests/simulation/platform.test.ts", "no request is lost"],
      ["data-plane/plan-link/plan-link.test.ts", "an older one is held back"],
    ],
  },
  {
    id: "S30",
    statement: "A node hears of its own instances, secrets and volumes, and of nothing else.",
    tests: [
      [
        "control-plane/plans/plans.test.ts",
        "has its own instances, one command each",
        "tells each node of what is its own",
      ],
      ["control-plane/secrets/secrets.test.ts", "are opened for the node of an instance that is bound to them"],
      [
        "control-plane/api/node-credentials.test.ts",
        "its plan has nothing of it",
        "what it asks for of it, it does not get",
      ],
    ],
  },
  {
    id: "S31",
    statement:
      "Edges get routes with ready instances and PROXY settings; agents get instances, versions of secrets, volumes.",
    tests: [
      [
        "control-plane/plans/plans.test.ts",
        "names secrets by version and digest",
        "has its volumes and the snapshots",
        "lead to what is ready",
      ],
      [
        "data-plane/edge/edge.test.ts",
        "a program that expects it is told who connects",
        "goes to the program that has the host and path",
      ],
    ],
  },
  {
    id: "S36",
    statement:
      "Without the control plane nothing is changed, and everything that runs goes on; agents and edges may start anew.",
    tests: [
      ["tests/platform/zero-downtime.test.ts", "the control plane is away"],
      ["tests/simulation/platform.test.ts", "no request is lost"],
    ],
    missing: "The test keeps it away for seconds; `tests/soak/without-control-plane.ts` for ten minutes.",
  },
  {
    id: "S37",
    statement: "Views that are behind are known to be.",
    tests: [["control-plane/events/store/conformance.ts", "views that are not named stay behind"]],
    missing: "Views are written with their events and are never behind while the control plane runs (decision 0014).",
  },
  {
    id: "S38",
    statement: "When the scheduler stops, agents invent nothing.",
    tests: [["data-plane/plan-link/plan-link.test.ts", "the last one is there at once after a restart"]],
  },
  {
    id: "S39",
    statement: "There are backups, they are proved by restoring them, and drills are on record.",
    tests: [["control-plane/operations/operations.test.ts", "a backup is proved by restoring it"]],
    missing: "For PostgreSQL its own tools are advised.",
  },
  {
    id: "S40",
    statement: "Secrets are locked wherever they are kept.",
    tests: [["control-plane/secrets/secrets.test.ts", "are in no file of the control plane"]],
  },
  {
    id: "S41",
    statement: "What is done to secrets, routes and nodes is on record, also what was refused.",
    tests: [
      ["control-plane/api/audited-routes.test.ts", "is on record, and no secret"],
      ["control-plane/api/audit.test.ts", "what the operator decides is on record"],
    ],
  },
  {
    id: "S42",
    statement: "Roles of the database have what they need.",
    tests: [
      ["control-plane/events/store/postgres-event-store.test.ts", "refuses changes by the role of the running program"],
    ],
    missing: "Two roles: the owner of the schema, and the runtime, which appends and folds.",
  },
  {
    id: "S43",
    statement: "No secret is in a log, an event, an answer or a crash.",
    tests: [
      ["tests/platform-identity/canaries.test.ts", "are in no file, event, log line or answer"],
      ["control-plane/secrets/secrets.test.ts", "are in no file of the control plane"],
    ],
  },
  {
    id: "S44",
    statement: "Migrations have versions and checksums; a log of a newer program does not open.",
    tests: [["control-plane/events/store/postgres-event-store.test.ts", "is opened with its own schema only"]],
    missing:
      "The embedded log migrates itself in one transaction when it is opened; in PostgreSQL the owner's role is a step of its own.",
  },
  {
    id: "S45",
    statement: "Views are rebuilt one by one or all, while everything goes on.",
    tests: [["control-plane/core/rebuild-views.test.ts", "prove equality, find a wrong row", "say how far they are"]],
    missing: "One that is broken off begins anew.",
  },
  {
    id: "S46",
    statement: "Backups and drills are regular and tracked.",
    tests: [["control-plane/operations/findings.test.ts", "a backup that is old, or was not good"]],
    missing: "The machine's own scheduler calls `biplane admin backup`; Biplane finds a last proof that is old.",
  },
  {
    id: "S47",
    statement: "The log of one aggregate is shown, with what each event left.",
    tests: [["control-plane/operations/operations.test.ts", "an aggregate is shown event by event"]],
  },
  {
    id: "S48",
    statement: "Views are rebuilt by a command.",
    tests: [["control-plane/core/rebuild-views.test.ts", "refuses the name of a view that is not"]],
  },
  {
    id: "S49",
    statement: "What is stuck is found, and remedied by events with an actor.",
    tests: [
      [
        "control-plane/operations/findings.test.ts",
        "a deploy, when no scheduler runs",
        "an instance that its node does not take up",
      ],
      ["control-plane/operations/operations.test.ts", "a remedy is an event in the log with its actor"],
    ],
  },
];
