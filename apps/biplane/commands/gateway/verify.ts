/** `biplane gateway verify` */
import { EXIT } from "#foundation/errors";
import type { GatewayArtifact } from "#foundation/gateway-artifact";
import { ArchiveError } from "#foundation/sealed-archive";
import type { CommandBody } from "../../cli/command.ts";
import { printable } from "../../cli/terminal.ts";
import { artifactOf, trustedKeysOf } from "./artifact-argument.ts";

export const gatewayVerify: CommandBody = ({ arguments: given, terminal, json }) => {
  const [path = ""] = given.positionals;
  const trustedKeys = trustedKeysOf(given);
  let artifact: GatewayArtifact;
  try {
    artifact = artifactOf(path, { trustedKeys });
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    if (json) terminal.json({ verified: false, fault: error.fault, reason: error.message });
    else terminal.line(`${printable(path)} is ${terminal.tone("bad", "not in order")}: ${error.message}`);
    return EXIT.failure;
  }
  const { digest, signedBy } = artifact;
  if (json) terminal.json({ verified: true, digest, signedBy });
  else {
    const signed =
      signedBy.length > 0
        ? `signed by ${signedBy.map((id) => id.slice(0, 16)).join(", ")}`
        : "no signature was asked for";
    terminal.line(`${printable(path)} is ${terminal.tone("good", "in order")}; ${signed}`);
    terminal.line(terminal.tone("dim", digest));
  }
  return EXIT.ok;
};
