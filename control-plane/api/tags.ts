/** How operations are grouped in the OpenAPI document: by the last part of their path that names a kind of thing. Pure. */

/** Name and description of each group, in the order in which they are shown. */
const DESCRIPTIONS = {
  cloud: "The control plane itself: whether it is well, what is connected, this document.",
  operations: "For operators whose cloud is not well: what is stuck, the views, drills of restores.",
  "secret-keys": "The keys that secrets are locked with.",
  events: "What has been decided, in order, and what is decided now.",
  audit: "Who did what, what was decided, and why.",
  commands: "Commands of the operator.",
  auth: "Signing in and out.",
  tokens: "The caller's API tokens.",
  sessions: "Where the caller is signed in.",
  people: "Everybody who has an account in the cloud.",
  orgs: "Orgs: each is an AWS account.",
  members: "People in an org, and their roles.",
  invitations: "Letting people into an org.",
  "service-principals": "Programs of an org, and how they sign in.",
  credentials: "AWS credentials of the caller, for a while.",
  accounts: "All accounts of the cloud.",
  users: "IAM users.",
  roles: "IAM roles.",
  "access-keys": "AWS access keys.",
  buckets: "Buckets.",
  queues: "Queues.",
  tables: "Tables.",
  "data-planes": "Data planes that have enrolled; of a project: its gateways.",
  projects: "Names under which apps and API gateways are found together.",
  specs: "Descriptions of APIs, revision by revision.",
  builds: "Compiling descriptions to artifacts.",
  artifacts: "What gateways run.",
  deployments: "What the gateways of a project shall serve, rolled out and taken back.",
  "gateway-groups": "Groups of gateways, for rollouts.",
  "trusted-keys": "Keys that artifacts which were compiled elsewhere are signed with.",
  "api-keys": "Keys by which gateways connect.",
  apps: "Apps.",
  releases: "What an app may run as: artifacts with their manifests.",
  envs: "Environments of an app: how they are, why, and how much of them runs.",
  deploys: "Bringing a release into an environment, and taking it back.",
  routes: "Under which names and ports an environment is reached.",
  secrets: "Secrets of an environment: set, and never shown.",
  instances: "What runs.",
  logs: "What instances print.",
  volumes: "Volumes, what they are attached to, and restores.",
  snapshots: "Snapshots of volumes.",
  nodes: "Machines that run instances.",
  edges: "Where requests come in.",
  quotas: "What an org may use at most.",
} as const;

export type Tag = keyof typeof DESCRIPTIONS;

export const TAGS = Object.entries(DESCRIPTIONS).map(([name, description]) => ({ name: name as Tag, description }));

/** Parts of paths that belong to a group of another name. */
const ALSO: Readonly<Record<string, Tag>> = {
  healthz: "cloud",
  readyz: "cloud",
  metrics: "cloud",
  "openapi.json": "cloud",
  aggregates: "operations",
  views: "operations",
  findings: "operations",
  drills: "operations",
  "release-uploads": "releases",
  rollbacks: "deploys",
  compile: "builds",
  deploy: "deployments",
  rollback: "deployments",
  restores: "volumes",
  "volume-attachments": "volumes",
};

/** @throws Error when nothing in the path names a group */
export function tagOf(path: string): Tag {
  for (const part of path.split("/").reverse()) {
    if (Object.hasOwn(DESCRIPTIONS, part)) return part as Tag;
    if (Object.hasOwn(ALSO, part)) return ALSO[part]!;
  }
  // What the control plane says of itself: `/v1/status`.
  if (path === "/v1/status") return "cloud";
  throw new Error(`No group for ${path}: name it in control-plane/api/tags.ts.`);
}
