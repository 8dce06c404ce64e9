/** `biplane gateway validate` */
import { sarifOf } from "#control-plane/gateways";
import { EXIT } from "#foundation/errors";
import type { CommandBody } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { counted } from "../../cli/units.ts";
import { compileSpecs } from "./compile-specs.ts";
import { showDiagnostics } from "./show-diagnostics.ts";

const FORMATS = ["text", "json", "sarif"];

export const gatewayValidate: CommandBody = (context) => {
  const { arguments: given, terminal, json, version } = context;
  const format = given.text("format") ?? (json ? "json" : "text");
  if (!FORMATS.includes(format)) throw usageError(`--format must be one of ${FORMATS.join(", ")}, not "${format}".`);
  const { specs, compiled } = compileSpecs(context);
  const { diagnostics, hasErrors } = compiled;
  if (format === "sarif") terminal.write(`${JSON.stringify(sarifOf(diagnostics, version), null, 2)}\n`);
  else if (format === "json") terminal.json({ valid: !hasErrors, diagnostics });
  else {
    showDiagnostics(diagnostics, specs.folder, terminal);
    if (!hasErrors)
      terminal.line(`${counted(specs.files.length, "description")} ${terminal.tone("good", "can be served")}`);
  }
  return hasErrors ? EXIT.failure : EXIT.ok;
};
