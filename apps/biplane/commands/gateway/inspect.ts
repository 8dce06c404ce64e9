/** `biplane gateway inspect` */
import type { PlannedOperation } from "#foundation/gateway-artifact";
import type { CommandBody } from "../../cli/command.ts";
import { printable } from "../../cli/terminal.ts";
import { artifactOf } from "./artifact-argument.ts";

export const gatewayInspect: CommandBody = ({ arguments: { positionals }, terminal, json }) => {
  const [path = ""] = positionals;
  const { plan, provenance, digest } = artifactOf(path);
  const chainOf = ({ middlewares, dispatch }: PlannedOperation): readonly string[] =>
    [...middlewares, dispatch].map((use) => plan.plugins[use]?.name ?? "?");
  if (json) {
    const operations = plan.operations.map((one) => ({
      method: one.method,
      path: one.path,
      operationId: one.operationId,
      api: plan.apis[one.api]?.file,
      chain: chainOf(one),
    }));
    terminal.json({ digest, provenance, apis: plan.apis, modules: plan.modules ?? [], operations });
    return;
  }
  terminal.line(`${terminal.tone("bold", printable(path))}  ${terminal.tone("dim", digest)}`);
  terminal.line(
    `compiled by Biplane ${provenance.compiler}${provenance.commit === undefined ? "" : ` from ${provenance.commit}`}`,
  );
  for (const [index, api] of plan.apis.entries()) {
    terminal.line();
    terminal.line(`${terminal.tone("bold", printable(`${api.title} ${api.version}`))}  ${printable(api.file)}`);
    for (const operation of plan.operations) {
      if (operation.api !== index) continue;
      terminal.line(
        `  ${operation.method.padEnd(7)} ${printable(operation.path)}  ${terminal.tone("dim", chainOf(operation).join(" → "))}`,
      );
    }
  }
  // What plugins of others may do is for people to look at before they serve them.
  for (const { name, version, kind, capabilities, hosts, sha256 } of plan.modules ?? []) {
    terminal.line();
    terminal.line(
      `${terminal.tone("bold", printable(`${name} ${version}`))}  ${kind}, a module  ${terminal.tone("dim", `sha256:${sha256}`)}`,
    );
    terminal.line(`  may           ${capabilities.join(", ") || "nothing but compute"}`);
    if (hosts.length > 0) terminal.line(`  sends to      ${printable(hosts.join(", "))}`);
  }
};
