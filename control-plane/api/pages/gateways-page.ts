/** `/gateways`: the fleets of a person's projects, and with `?project=` one of them: what its gateways serve, how they do, and what they shall serve. */
import type { Command, ProjectRecord } from "#contracts";
import { groups } from "#control-plane/events";
import { currentDeployment, deploymentsOf } from "#control-plane/gateways/fleet";
import { ORG_SCOPES, type OrgScope } from "#control-plane/platform-identity";
import type { HttpResponse } from "#foundation/http";
import { ProblemError } from "#foundation/http";
import { accessTo, type OrgAccess, orgsOf, type SubjectCaller } from "../authentication/caller.ts";
import { execute } from "../execute.ts";
import * as present from "../gateways/present.ts";
import { newest } from "../gateways/shared.ts";
import type { SignedIn } from "./cookies.ts";
import { fleetBody, fleetListBody } from "./gateways-view.ts";
import { pageAnswer, seeOther } from "./layout.ts";
import { loginLocation } from "./login-page.ts";
import { type FormCall, type Page, type PageCall, type PageEnvironment, PROOF_FIELD } from "./page.ts";

const PATH = "/gateways";
/** Of each kind: the rest is for the command line. */
const SHOWN_MAX = 20;
/** While a rollout is under way, or a gateway is on its way to something else. */
const REFRESH_SECONDS = 5;

export const GATEWAYS_PAGE: Page = {
  path: PATH,
  show(call, environment) {
    const signedIn = environment.cookies.signedIn(call.request, environment);
    const { project } = call.query;
    if (signedIn === undefined) return seeOther(loginLocation(locationOf(project)));
    if (project === undefined) return listPage(signedIn, environment);
    const found = projectOf(project, signedIn, environment);
    return found === undefined ? notFound() : fleetPage(call, found, signedIn, environment);
  },
  async take(call, environment) {
    const signedIn = environment.cookies.signedIn(call.request, environment);
    const { project } = call.form;
    if (signedIn === undefined) return seeOther(loginLocation(locationOf(project)));
    const found = project === undefined ? undefined : projectOf(project, signedIn, environment);
    if (found === undefined) return notFound();
    try {
      await carryOut(call, found, callerOf(signedIn), environment);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      const { status, detail, title } = error.problem;
      return fleetPage(call, found, signedIn, environment, { status, problem: detail ?? title });
    }
    return seeOther(locationOf(found.project.projectId));
  },
};

interface Found {
  readonly project: ProjectRecord;
  readonly access: OrgAccess;
}

/** A project of an org of the person's, who may see its gateways. What is not is as if there were none. */
function projectOf(projectId: string, signedIn: SignedIn, { core: { views } }: PageEnvironment): Found | undefined {
  const project = views.record("project", projectId);
  const access = project === undefined ? undefined : accessTo(callerOf(signedIn), views, project.accountId);
  if (project === undefined || access?.scopes.has("gateways:read") !== true) return undefined;
  return { project, access };
}

/** A person at a browser may here what the role allows. The session itself is for no route of the API, and has no scopes of its own. */
function callerOf({ session: { sessionId, subject } }: SignedIn): SubjectCaller {
  return { type: "subject", subject, credential: { type: "session", sessionId }, scopes: ORG_SCOPES };
}

function listPage(signedIn: SignedIn, { core: { views, gatewayPresence } }: PageEnvironment): HttpResponse {
  const orgs = orgsOf(callerOf(signedIn), views).filter(({ scopes }) => scopes.has("gateways:read"));
  const fleets = orgs.flatMap(({ accountId }) =>
    views.inGroup("project", groups.ofAccount(accountId)).map(({ projectId, name }) => ({
      href: locationOf(projectId),
      name,
      org: views.account(accountId)?.name ?? accountId,
      gateways: views.countInGroup("gateway", groups.ofProject(projectId)),
      online: gatewayPresence.online(projectId).length,
    })),
  );
  const title = "Gateways";
  return pageAnswer({ title, isWide: true, body: fleetListBody(fleets, signedIn.person.email) });
}

function fleetPage(
  { request }: PageCall,
  { project, access }: Found,
  { person }: SignedIn,
  { core: { views, gatewayPresence }, cookies, clock }: PageEnvironment,
  failed?: { readonly status: number; readonly problem: string },
): HttpResponse {
  const { projectId, name } = project;
  const ofProject = groups.ofProject(projectId);
  const current = currentDeployment(views, projectId);
  const gateways = views
    .inGroup("gateway", ofProject)
    .toSorted((left, right) => left.createdAt - right.createdAt || (left.gatewayId < right.gatewayId ? -1 : 1))
    .map((record) => ({ record, shown: present.dataPlane(record, current, gatewayPresence, views) }));
  const proof = cookies.proof(request);
  const body = fleetBody({
    project: { id: projectId, name, org: views.account(project.accountId)?.name ?? project.accountId },
    may: (scope: OrgScope) => access.scopes.has(scope),
    current,
    gateways,
    groupNames: new Map(views.inGroup("gatewayGroup", ofProject).map((group) => [group.groupId, group.name])),
    artifacts: newest(views.inGroup("gatewayArtifact", ofProject), ({ artifactId }) => artifactId).slice(0, SHOWN_MAX),
    deployments: deploymentsOf(views, projectId).slice(0, SHOWN_MAX),
    keys: newest(views.inGroup("gatewayKey", ofProject), ({ keyId }) => keyId).slice(0, SHOWN_MAX),
    hidden: [
      [PROOF_FIELD, proof.field],
      ["project", projectId],
    ],
    problem: failed?.problem,
    email: person.email,
    now: clock.now(),
  });
  const isMoving = current?.status === "rolling" || gateways.some(({ shown }) => shown.status === "deploying");
  return pageAnswer({
    title: `Gateways of ${name}`,
    isWide: true,
    body,
    cookies: proof.cookies,
    ...(failed === undefined ? {} : { status: failed.status }),
    // A form that was refused stays to be read.
    ...(isMoving && failed === undefined ? { refreshSeconds: REFRESH_SECONDS } : {}),
  });
}

/** Stages that most rollouts want; others are for the command line. */
const CAREFULLY = {
  stages: [
    { percent: 10, bakeSeconds: 60 },
    { percent: 50, bakeSeconds: 60 },
    { percent: 100, bakeSeconds: 60 },
  ],
  errorRateMax: 0.05,
  requestsMin: 0,
  automaticRollback: true,
} as const;

async function carryOut(
  { request, form }: FormCall,
  { project, access }: Found,
  caller: SubjectCaller,
  environment: PageEnvironment,
): Promise<void> {
  const { accountId, projectId } = project;
  const { action, artifact = "", deployment = "", gateway = "", strategy } = form;
  const needs = (scope: OrgScope): void => {
    if (access.scopes.has(scope)) return;
    throw new ProblemError({ status: 403, code: "INSUFFICIENT_SCOPE", title: "Your role does not allow this.", scope });
  };
  const run = async (command: Command): Promise<void> => {
    await execute({ request, caller }, environment, command);
  };
  const { views } = environment.core;
  switch (action) {
    case "deploy":
      needs("deploys:write");
      return run({
        type: "gatewayDeployment.start",
        accountId,
        projectId,
        artifactId: artifact,
        ...(strategy === "carefully" ? { strategy: CAREFULLY } : {}),
      });
    case "rollback":
      needs("rollbacks:write");
      // The one that was seen: another one may have taken its place meanwhile.
      return run({ type: "gatewayDeployment.rollback", accountId, projectId, deploymentId: deployment });
    case "halt":
    case "resume":
      needs("deploys:write");
      return run({ type: `gatewayDeployment.${action}`, accountId, deploymentId: deployment });
    case "remove": {
      needs("gateways:write");
      // An id of the org alone would do for the command; this page is of one project.
      const isHere = views.record("gateway", gateway)?.projectId === projectId;
      if (!isHere) throw new ProblemError({ status: 404, code: "NoSuchResource", title: "There is no such gateway." });
      return run({ type: "gateway.remove", accountId, gatewayId: gateway });
    }
    default:
      throw new ProblemError({ status: 400, code: "BAD_FORM", title: "This form asks for nothing that is known." });
  }
}

function locationOf(project: string | undefined): string {
  return project === undefined ? PATH : `${PATH}?project=${encodeURIComponent(project)}`;
}

function notFound(): HttpResponse {
  throw new ProblemError({
    status: 404,
    code: "NoSuchResource",
    title: "There is no such project.",
    detail: "Or your role in its org does not show its gateways.",
  });
}
