/** Watches a deployment until it has come to an end, or halts. */
import { EXIT } from "#foundation/errors";
import { callApiJson } from "../../../cli/api-client.ts";
import type { CommandContext } from "../../../cli/command.ts";
import { cliErrors } from "../../../cli/errors.ts";
import { printable } from "../../../cli/terminal.ts";
import { counted } from "../../../cli/units.ts";
import { allItems } from "../../apps/target.ts";
import { Progress } from "../../apps/wait.ts";
import type { FleetProject } from "./project.ts";
import type { DataPlane, Deployment, Group, Stage } from "./shapes.ts";

const POLL_MS = 500;

/** Prints how it ended. @returns the exit code: 0 when all gateways shall serve it, 1 otherwise */
export async function watchDeployment(
  context: CommandContext,
  project: FleetProject,
  deploymentId: string,
): Promise<number> {
  const { access, path } = project;
  const progress = new Progress(context);
  try {
    const groups = await allItems<Group>(access, `${path}/gateway-groups`);
    for (;;) {
      const deployment = await callApiJson<Deployment>(access, { path: `${path}/deployments/${deploymentId}` });
      if (deployment.status !== "rolling") {
        progress.end();
        return printEnd(context, deployment);
      }
      progress.say(progressText(deployment, await allItems<DataPlane>(access, `${path}/data-planes`), groups));
      if (context.signal.aborted) {
        throw cliErrors.error(
          "WAIT_ENDED",
          `The deployment ${deploymentId} goes on. Look with: biplane gateway deployments show`,
        );
      }
      await Bun.sleep(POLL_MS);
    }
  } finally {
    progress.end();
  }
}

export function progressText(
  { strategy: { stages }, stage, digest }: Deployment,
  gateways: readonly DataPlane[],
  groups: readonly Group[],
): string {
  const serving = gateways.filter(({ artifact_digest: served }) => served === digest).length;
  const away = gateways.filter(({ status }) => status === "offline").length;
  const counts = `${serving} of ${counted(gateways.length, "gateway")} serve it`;
  const where =
    stages.length === 1 ? "" : `stage ${stage + 1} of ${stages.length} (${stageText(stages[stage]!, groups)}): `;
  return `${where}${counts}${away === 0 ? "" : `, ${away} offline`}`;
}

/** `10 %`, `canary`, `canary and 10 %` */
export function stageText({ percent, groups: ids = [] }: Stage, groups: readonly Group[]): string {
  const names = ids.map((id) => printable(groups.find((group) => group.id === id)?.name ?? id));
  return [...names, ...(percent === undefined ? [] : [`${percent} %`])].join(" and ");
}

/** What became of it. */
export function printEnd({ terminal, json }: CommandContext, deployment: Deployment): number {
  if (json) terminal.json(deployment);
  else {
    const { id, artifact_id: artifact, status, reason } = deployment;
    const why = reason === undefined ? "" : `: ${printable(reason)}`;
    if (status === "completed") terminal.line(`The gateways serve ${artifact}.`);
    else if (status === "halted") {
      terminal.line(`The rollout ${id} has halted${why}.`);
      terminal.line("Go back: biplane gateway rollback. Go on: biplane gateway deployments resume.");
    } else if (status === "rolled_back") terminal.line(`The rollout ${id} went back to what was before${why}.`);
    else terminal.line(`Another deployment has taken the place of ${id}.`);
  }
  return deployment.status === "completed" ? EXIT.ok : EXIT.failure;
}
