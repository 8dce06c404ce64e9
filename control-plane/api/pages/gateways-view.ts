/** What the pages of gateways look like. Pure. */
import type { GatewayArtifactRecord, GatewayDeploymentRecord, GatewayKeyRecord, GatewayRecord } from "#contracts";
import type { OrgScope } from "#control-plane/platform-identity";
import type * as present from "../gateways/present.ts";
import { type Html, html } from "./html.ts";
import { problemNote } from "./layout.ts";

export interface FleetLine {
  readonly href: string;
  readonly name: string;
  readonly org: string;
  readonly gateways: number;
  readonly online: number;
}

export function fleetListBody(fleets: readonly FleetLine[], email: string): Html {
  if (fleets.length === 0) {
    return html`<h1>Gateways</h1>
<p>There is no project yet. Make one, and give its gateways something to serve:</p>
<pre>biplane gateway push --project shop openapi.yaml</pre>${whoLine(email)}`;
  }
  return html`<h1>Gateways</h1>
<table>
<thead><tr><th scope="col">Project</th><th scope="col">Org</th><th scope="col">Gateways</th></tr></thead>
<tbody>${fleets.map(
    ({ href, name, org, gateways, online }) =>
      html`<tr><td><a href="${href}">${name}</a></td><td>${org}</td><td>${
        gateways === 0 ? "none yet" : `${online} of ${gateways} connected`
      }</td></tr>`,
  )}</tbody>
</table>${whoLine(email)}`;
}

/** A gateway: what the log knows, and how it is shown. */
export interface GatewayLine {
  readonly record: GatewayRecord;
  readonly shown: ReturnType<typeof present.dataPlane>;
}

export interface FleetView {
  readonly project: { readonly id: string; readonly name: string; readonly org: string };
  readonly may: (scope: OrgScope) => boolean;
  readonly current: GatewayDeploymentRecord | undefined;
  readonly gateways: readonly GatewayLine[];
  readonly groupNames: ReadonlyMap<string, string>;
  /** Newest first, like the two below. */
  readonly artifacts: readonly GatewayArtifactRecord[];
  readonly deployments: readonly GatewayDeploymentRecord[];
  readonly keys: readonly GatewayKeyRecord[];
  /** Fields that every form has. */
  readonly hidden: readonly (readonly [name: string, value: string])[];
  readonly problem: string | undefined;
  readonly email: string;
  readonly now: number;
}

export function fleetBody(view: FleetView): Html {
  const { project, problem, email } = view;
  return html`<p class="who"><a href="/gateways">All projects</a></p>
<h1>Gateways of ${project.name}</h1>
<p class="hint">${project.org} · <code>${project.id}</code></p>
${problemNote(problem)}
${currentPart(view)}
${gatewaysPart(view)}
${deployPart(view)}
${historyPart(view)}
${keysPart(view)}
${whoLine(email)}`;
}

function currentPart(view: FleetView): Html {
  const { current, may } = view;
  if (current === undefined) return html`<h2>Now</h2><p>Nothing was deployed yet.</p>`;
  const { status, stage, strategy, deploymentId, reason } = current;
  const stages = strategy.stages.length;
  const isUnderWay = status === "rolling" || status === "halted";
  const buttons = [
    status === "rolling" && may("deploys:write")
      ? button(view, "halt", "Halt", { deployment: deploymentId }, true)
      : undefined,
    status === "halted" && may("deploys:write")
      ? button(view, "resume", "Go on", { deployment: deploymentId })
      : undefined,
    may("rollbacks:write") && view.deployments.length > 1
      ? button(view, "rollback", "Roll back", { deployment: deploymentId }, true)
      : undefined,
  ];
  return html`<h2>Now</h2>
<dl>
<dt>Artifact</dt><dd>${artifactName(current)}</dd>
<dt>${current.deploymentKind === "rollback" ? "Rollback" : "Deployment"}</dt><dd>${status}${
    isUnderWay && stages > 1 ? `, stage ${stage + 1} of ${stages}` : ""
  }, ${since(view.now - current.createdAt)} ago</dd>
${reason === undefined ? undefined : html`<dt>Why</dt><dd>${reason}</dd>`}
</dl>
<div class="buttons">${buttons}</div>`;
}

/** Titles, and whether numbers stand below. */
const GATEWAY_COLUMNS: readonly (readonly [title: string, isNumber: boolean])[] = [
  ["Name", false],
  ["Status", false],
  ["Serves", false],
  ["Version", false],
  ["Requests", true],
  ["Errors", true],
  ["p50", true],
  ["p99", true],
  ["Last seen", false],
  ["", false],
];
const NUMBER: Html = { markup: ' class="number"' };

function gatewaysPart(view: FleetView): Html {
  const { gateways, groupNames, may } = view;
  if (gateways.length === 0) {
    return html`<h2>Gateways</h2>
<p>None has registered yet. Start one with a key of this project:</p>
<pre>BIPLANE_GATEWAY_API_KEY=bbk_… biplane gateway serve --control-plane &lt;this address&gt; --project-id ${view.project.id}</pre>`;
  }
  const lines = gateways.map(({ record, shown: gateway }) => {
    const { health } = gateway;
    const { name, metadata, groupId, gatewayId } = record;
    const group = groupId === undefined ? undefined : groupNames.get(groupId);
    const served = gateway.artifact_digest;
    return html`<tr>
<td>${name ?? metadata.hostname}${group === undefined ? undefined : html`<br><span class="hint">${group}</span>`}</td>
<td><span class="state ${gateway.status}">${gateway.status}</span>${gateway.drift && gateway.status !== "deploying" ? html` <span class="state drift">adrift</span>` : undefined}</td>
<td>${served === null ? "nothing" : html`<code>${shortDigest(served)}</code>`}${
      gateway.refusal === undefined
        ? undefined
        : html`<br><span class="hint">${gateway.refusal.stage}: ${gateway.refusal.reason}</span>`
    }</td>
<td>${metadata.version}</td>
<td class="number">${health?.requests_total}</td>
<td class="number">${health?.errors_total}</td>
<td class="number">${milliseconds(health?.p50_ms)}</td>
<td class="number">${milliseconds(health?.p99_ms)}</td>
<td>${gateway.last_seen === null ? "not since the start" : `${since(view.now - Date.parse(gateway.last_seen))} ago`}</td>
<td>${may("gateways:write") ? button(view, "remove", "Remove", { gateway: gatewayId }, true) : undefined}</td>
</tr>`;
  });
  return html`<h2>Gateways</h2>
<div class="scroll"><table>
<thead><tr>${GATEWAY_COLUMNS.map(
    ([title, isNumber]) => html`<th scope="col"${isNumber ? NUMBER : undefined}>${title}</th>`,
  )}</tr></thead>
<tbody>${lines}</tbody>
</table></div>`;
}

function deployPart(view: FleetView): Html | undefined {
  const { artifacts, may } = view;
  if (!may("deploys:write")) return undefined;
  if (artifacts.length === 0) {
    return html`<h2>Deploy</h2><p>There is no artifact yet. Build one of your description:</p>
<pre>biplane gateway push --project ${view.project.name} openapi.yaml</pre>`;
  }
  const options = artifacts.map(
    (artifact) =>
      html`<option value="${artifact.artifactId}">${shortDigest(artifact.digest)}, ${artifact.operations} ${artifact.operations === 1 ? "operation" : "operations"}, ${since(view.now - artifact.createdAt)} old${
        artifact.commit === undefined ? "" : `, ${artifact.commit.slice(0, 12)}`
      }${originOf(artifact)}</option>`,
  );
  return html`<h2>Deploy</h2>
<form method="post" action="/gateways">${hiddenFields(view, { action: "deploy" })}
<label for="artifact">Artifact</label>
<select id="artifact" name="artifact">${options}</select>
<label for="strategy">How</label>
<select id="strategy" name="strategy">
<option value="at-once">All gateways at once</option>
<option value="carefully">10 %, then 50 %, then all, a minute each; back by itself above 5 % errors</option>
</select>
<div class="buttons"><button>Deploy</button></div>
</form>`;
}

function historyPart({ deployments, now }: FleetView): Html | undefined {
  if (deployments.length === 0) return undefined;
  return html`<h2>History</h2>
<div class="scroll"><table>
<thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col">Artifact</th><th scope="col">Outcome</th></tr></thead>
<tbody>${deployments.map(
    (one) =>
      html`<tr><td>${since(now - one.createdAt)} ago</td><td>${one.deploymentKind}</td><td>${artifactName(one)}</td><td>${one.status}${
        one.reason === undefined ? undefined : html`<br><span class="hint">${one.reason}</span>`
      }</td></tr>`,
  )}</tbody>
</table></div>`;
}

function keysPart({ keys, now }: FleetView): Html {
  const lines = keys.map(({ name, prefix, scopes, expiresAt, revokedAt }) => {
    const isExpired = expiresAt !== undefined && expiresAt <= now;
    const state = revokedAt !== undefined ? "revoked" : isExpired ? "expired" : "good";
    const until = expiresAt === undefined ? "without end" : new Date(expiresAt).toISOString().slice(0, 10);
    return html`<tr><td>${name}</td><td><code>${prefix}…</code></td><td>${scopes.join(", ")}</td><td>${state}</td><td>${until}</td></tr>`;
  });
  return html`<h2>Keys</h2>
${
  keys.length === 0
    ? html`<p>None yet.</p>`
    : html`<div class="scroll"><table>
<thead><tr><th scope="col">Name</th><th scope="col">Begins with</th><th scope="col">For</th><th scope="col">State</th><th scope="col">Until</th></tr></thead>
<tbody>${lines}</tbody>
</table></div>`
}
<p class="hint">Keys are shown once, when they are made: <code>biplane gateway keys create</code>.</p>`;
}

function button(
  view: FleetView,
  action: string,
  label: string,
  fields: Readonly<Record<string, string>>,
  isSecond = false,
): Html {
  return html`<form method="post" action="/gateways">${hiddenFields(view, { action, ...fields })}<button${
    isSecond ? { markup: ' class="second"' } : undefined
  }>${label}</button></form>`;
}

function hiddenFields({ hidden }: FleetView, fields: Readonly<Record<string, string>>): Html {
  return html`${[...hidden, ...Object.entries(fields)].map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )}`;
}

/** Of those that were compiled elsewhere: two that differ in their signatures alone have one digest. */
function originOf({ uploadedBy, signatures = [] }: GatewayArtifactRecord): string {
  if (uploadedBy === undefined) return "";
  const signers = signatures.filter(({ verified }) => verified).map(({ keyId }) => keyId.slice(0, 8));
  return signers.length === 0 ? ", uploaded" : `, uploaded, signed by ${signers.join(" and ")}`;
}

function artifactName({ artifactId, digest }: { readonly artifactId: string; readonly digest: string }): Html {
  return html`<code>${shortDigest(digest)}</code> <span class="hint">${artifactId}</span>`;
}

const shortDigest = (digest: string): string => digest.slice("sha256:".length, "sha256:".length + 12);

const milliseconds = (value: number | null | undefined): string | undefined =>
  value === undefined || value === null ? undefined : `${Number(value.toPrecision(3))} ms`;

function since(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`;
}

function whoLine(email: string): Html {
  return html`<p class="who">Signed in as ${email}. <a href="/logout">Sign out</a></p>`;
}
