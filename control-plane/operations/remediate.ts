/** Applies the remedy of a finding, if it is still what it was. */
import type { ControlPlane } from "#control-plane/core";
import { type Finding, findStuck } from "./findings.ts";

export type Remediation =
  | { readonly applied: true; readonly finding: Finding }
  | { readonly applied: false; readonly why: "gone" | "no_remedy"; readonly finding?: Finding };

/** @param actor who does it; the events say so */
export async function remediate(
  core: Pick<ControlPlane, "views" | "quarantined" | "rebuild" | "decideAlone">,
  id: string,
  actor: string,
  now: number,
): Promise<Remediation> {
  const quarantined = await core.quarantined();
  const look = (at: number): Finding | undefined =>
    findStuck(core.views, quarantined, at).find((finding) => finding.id === id);
  const found = look(now);
  if (found === undefined) return { applied: false, why: "gone" };
  if (found.remedy === undefined) return { applied: false, why: "no_remedy", finding: found };
  if (found.remedy.type === "rebuild") {
    await core.rebuild([found.remedy.view]);
    return { applied: true, finding: found };
  }
  // It may have passed by itself since: the events are those of the moment of the decision.
  let decided: Finding | undefined;
  await core.decideAlone(actor, (_views, at) => {
    decided = look(at);
    return decided?.remedy?.type === "events" ? decided.remedy.events : [];
  });
  return decided === undefined ? { applied: false, why: "gone" } : { applied: true, finding: decided };
}
