/** `biplane gateway compile` */
import { EXIT } from "#foundation/errors";
import type { CommandBody } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { printable } from "../../cli/terminal.ts";
import { counted } from "../../cli/units.ts";
import { compileSpecs } from "./compile-specs.ts";
import { replaceFile } from "./replace-file.ts";
import { showDiagnostics } from "./show-diagnostics.ts";

export const gatewayCompile: CommandBody = (context) => {
  const { arguments: given, terminal, json } = context;
  const output = given.text("output");
  if (output === undefined) throw usageError("Where to? Name the artifact with --output FILE.");
  const { specs, compiled } = compileSpecs(context);
  const { diagnostics, artifact, plan } = compiled;
  if (artifact !== undefined) replaceFile(output, artifact.bytes);
  if (json) {
    terminal.json({ compiled: artifact !== undefined, output, digest: artifact?.digest, diagnostics });
  } else {
    showDiagnostics(diagnostics, specs.folder, terminal);
    if (artifact !== undefined) {
      const operations = counted(plan!.operations.length, "operation");
      terminal.line(
        `${printable(output)} is ${terminal.tone("good", "compiled")}: ${operations} of ${counted(specs.files.length, "description")}`,
      );
      terminal.line(terminal.tone("dim", artifact.digest));
    }
  }
  return artifact === undefined ? EXIT.failure : EXIT.ok;
};
