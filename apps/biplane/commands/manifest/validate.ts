/** `biplane manifest validate` */
import { EXIT } from "#foundation/errors";
import { type Manifest, manifestHash, parseManifest } from "#foundation/manifest";
import type { CommandBody } from "../../cli/command.ts";
import { printable } from "../../cli/terminal.ts";
import { readManifestFile } from "./manifest-file.ts";
import { showProblems } from "./show-problems.ts";

export const manifestValidate: CommandBody = ({ arguments: { positionals }, terminal, json }) => {
  const file = readManifestFile(positionals[0]);
  const { manifest, problems } = parseManifest(file.text);
  if (manifest === undefined) {
    if (json) terminal.json({ file: file.name, valid: false, problems });
    else showProblems(file, problems, terminal);
    return EXIT.failure;
  }
  const hash = manifestHash(manifest);
  if (json) terminal.json({ file: file.name, valid: true, hash, manifest });
  else
    terminal.line(
      `${printable(file.name)} is ${terminal.tone("good", "valid")}: ${summary(manifest)}\n${terminal.tone("dim", `sha256:${hash}`)}`,
    );
  return EXIT.ok;
};

/** `hello with web (1 × 128Mi), worker (2 × 1Gi)` */
function summary({ app, processes }: Manifest): string {
  const described = Object.entries(processes).map(
    ([name, { scaling, resources }]) => `${name} (${scaling.min} × ${resources.memory})`,
  );
  return `${app.name} with ${described.join(", ")}`;
}
