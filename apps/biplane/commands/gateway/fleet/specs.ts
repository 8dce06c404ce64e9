/** `biplane gateway specs` */
import { basename } from "node:path";
import { directoryReader, type ReadFile } from "#foundation/api-description";
import { EXIT } from "#foundation/errors";
import { callApiJson, changeByApi } from "../../../cli/api-client.ts";
import type { CommandBody, CommandContext } from "../../../cli/command.ts";
import { cliErrors } from "../../../cli/errors.ts";
import { printable } from "../../../cli/terminal.ts";
import { localTime } from "../../../cli/units.ts";
import { allItems } from "../../apps/target.ts";
import { Progress } from "../../apps/wait.ts";
import { printDone, printItems } from "../../identity/listing.ts";
import { compileSpecs, namedSpecs } from "../compile-specs.ts";
import { showDiagnostics } from "../show-diagnostics.ts";
import { type FleetProject, findNamed, findProject } from "./project.ts";
import type { Build, Spec } from "./shapes.ts";

export const listSpecs: CommandBody = async (context) => {
  const { access, path } = await findProject(context);
  return printItems(context, await allItems<Spec>(access, `${path}/specs`), [
    { title: "SPEC", cell: ({ id }) => id },
    { title: "NAME", cell: ({ name }) => printable(name) },
    { title: "REVISION", cell: ({ latest_revision: { number } }) => String(number) },
    { title: "MADE", cell: ({ created_at: at }) => localTime(Date.parse(at)) },
  ]);
};

export const deleteSpec: CommandBody = async (context) => {
  const project = await findProject(context);
  const { id, name } = await findNamed<Spec>(project, "specs", "spec", context.arguments.positionals[0]!);
  await changeByApi(project.access, "DELETE", `${project.path}/specs/${id}`);
  return printDone(
    context,
    { id, name, deleted: true },
    `The spec ${printable(name)} is deleted. What was built of it stays.`,
  );
};

/**
 * Sends descriptions, and every file that they refer to, and has them built. They are compiled here first: what is wrong is told with its line, and nothing is sent.
 */
export const pushSpec: CommandBody = async (context) => {
  const { arguments: given, terminal, json } = context;
  const specs = namedSpecs(context);
  const sent = new Map<string, Uint8Array>();
  const { compiled } = compileSpecs(context, specs, noting(directoryReader(specs.folder), sent));
  if (!json) showDiagnostics(compiled.diagnostics, specs.folder, terminal);
  if (compiled.hasErrors) {
    if (json) terminal.json({ valid: false, diagnostics: compiled.diagnostics });
    return EXIT.failure;
  }
  const project = await findProject(context);
  const name = given.text("name") ?? basename(specs.files[0]!).replace(/\.[^.]+$/, "");
  const message = given.text("message");
  const { spec } = await changeByApi<{ readonly spec: Spec }>(project.access, "POST", `${project.path}/specs`, {
    name,
    files: [...sent].map(([path, bytes]) => ({ path, content_base64: Buffer.from(bytes).toString("base64") })),
    descriptions: specs.files,
    ...(message === undefined ? {} : { message }),
  });
  const asked = await changeByApi<Build>(project.access, "POST", `${project.path}/specs/${spec.id}/compile`, {
    revision: spec.latest_revision.revision_id,
    ...optionsOf(context),
  });
  const build = await waitForBuild(context, project, asked.id);
  if (build.status === "failed") {
    if (json) terminal.json(build);
    else {
      showDiagnostics(build.diagnostics ?? [], specs.folder, terminal);
      if (build.message !== undefined) terminal.note(printable(build.message));
    }
    return EXIT.failure;
  }
  return printDone(
    context,
    { spec, build, artifact_id: build.artifact_id },
    `${printable(spec.name)}, revision ${spec.latest_revision.number}, is the artifact ${build.artifact_id}.\nServe it everywhere: biplane gateway deploy ${build.artifact_id} --project ${printable(project.name)}`,
  );
};

function optionsOf({ arguments: given }: CommandContext): object {
  const upstream = given.text("upstream");
  const commit = given.text("provenance-commit");
  const source = given.text("provenance-source");
  return {
    ...(upstream === undefined ? {} : { upstream }),
    ...(given.has("allow-plaintext") ? { allow_plaintext: true } : {}),
    ...(commit === undefined ? {} : { commit }),
    ...(source === undefined ? {} : { source }),
  };
}

/** Reads, and keeps what was read. */
function noting(read: ReadFile, sent: Map<string, Uint8Array>): ReadFile {
  return (path) => {
    const bytes = read(path);
    if (bytes !== undefined) sent.set(path, typeof bytes === "string" ? Buffer.from(bytes) : bytes);
    return bytes;
  };
}

const POLL_MS = 100;

async function waitForBuild(context: CommandContext, { access, path }: FleetProject, buildId: string): Promise<Build> {
  const progress = new Progress(context);
  try {
    for (;;) {
      const build = await callApiJson<Build>(access, { path: `${path}/builds/${buildId}` });
      if (build.status !== "queued") return build;
      progress.say("it is being built");
      if (context.signal.aborted) {
        throw cliErrors.error(
          "WAIT_ENDED",
          `The build ${buildId} goes on. Look with: biplane gateway builds show ${buildId}`,
        );
      }
      await Bun.sleep(POLL_MS);
    }
  } finally {
    progress.end();
  }
}
