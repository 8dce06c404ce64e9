/** `biplane gateway init` */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CommandBody } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { printable } from "../../cli/terminal.ts";
import { exampleDescription } from "./example-description.ts";

export const gatewayInit: CommandBody = ({ arguments: { positionals }, terminal, json }) => {
  const [folder = "."] = positionals;
  const spec = join(folder, "specs", "api.yaml");
  if (existsSync(join(folder, "specs")) && readdirSync(join(folder, "specs")).length > 0) {
    throw usageError(`${join(folder, "specs")} is there already, and is left as it is.`);
  }
  const name = folder === "." ? "shop" : folder.split(/[/\\]/).filter(Boolean).at(-1)!;
  mkdirSync(join(folder, "specs"), { recursive: true });
  writeFileSync(spec, exampleDescription(name), { flag: "wx" });
  if (json) {
    terminal.json({ folder, files: ["specs/api.yaml"] });
    return;
  }
  terminal.line(`${printable(spec)} ${terminal.tone("good", "is written")}. Go on with:`);
  terminal.line();
  if (folder !== ".") terminal.line(`  cd ${printable(folder)}`);
  terminal.line("  biplane gateway dev");
};
