/** Before an instance can run: what the host lacks is refused, what it needs is made. */
import { chownSync, existsSync, lstatSync, mkdirSync, readlinkSync, statSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import { RUNTIME_ERRORS, type RuntimeError } from "../errors.ts";
import { invalidSpec } from "../rules/check-spec.ts";
import type { Capabilities, RuntimeSpec } from "../runtime.ts";

const unsupported = (message: string): RuntimeError => RUNTIME_ERRORS.error("Unsupported", message);

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** What every way of running needs. @throws RuntimeError RuntimeUnavailable, NoNodeWithIsolation, InvalidSpec */
export function refuseForeign(spec: RuntimeSpec, can: Capabilities, stateDirectory: string): void {
  if (!can.runs.usable)
    throw RUNTIME_ERRORS.error("RuntimeUnavailable", `Instances cannot be run on this host: ${can.runs.reason}`);
  if (spec.isolation !== can.isolation) {
    throw RUNTIME_ERRORS.error("NoNodeWithIsolation", {
      details: { demanded: spec.isolation, offered: can.isolation },
    });
  }
  if (!existsSync(spec.rootDirectory) || !statSync(spec.rootDirectory).isDirectory()) {
    throw invalidSpec("rootDirectory", "must be a directory that exists");
  }
  if (isWithin(spec.scratchDirectory, spec.rootDirectory))
    throw invalidSpec("scratchDirectory", "must not lie in rootDirectory, which is read-only");
  if (isWithin(spec.scratchDirectory, stateDirectory) && isWithin(stateDirectory, spec.scratchDirectory)) {
    throw invalidSpec("scratchDirectory", "must not be the state directory");
  }
}

/** @throws RuntimeError RuntimeUnavailable, NoNodeWithIsolation, Unsupported, InvalidSpec */
export function refuseWhatTheHostLacks(spec: RuntimeSpec, can: Capabilities, stateDirectory: string): void {
  refuseForeign(spec, can, stateDirectory);
  if (spec.user !== undefined && !can.userSwitch.usable && spec.user.uid !== process.getuid?.()) {
    throw unsupported(`user: instances cannot have a user of their own here: ${can.userSwitch.reason}`);
  }
  for (const [index, mount] of spec.mounts.entries()) {
    if (!existsSync(mount.source)) throw invalidSpec(`mounts[${index}].source`, "must exist");
    const inScratch = mount.target !== spec.scratchDirectory && isWithin(mount.target, spec.scratchDirectory);
    if (can.mountNamespace.usable) {
      if (!inScratch && !existsSync(mount.target))
        throw unsupported(`mounts[${index}].target: must exist on the host or lie in the scratch directory`);
    } else if (!inScratch) {
      throw unsupported(
        `mounts[${index}].target: must lie in the scratch directory, because ${can.mountNamespace.reason}`,
      );
    } else if (mount.readOnly) {
      throw unsupported(`mounts[${index}].readOnly: cannot be honoured, because ${can.mountNamespace.reason}`);
    }
  }
}

/** Makes the scratch directory, and in it the places of mounts: folders to mount on, or symbolic links where nothing can be mounted. */
export function prepareDirectories(spec: RuntimeSpec, can: Capabilities): void {
  // Those above it can be passed by the instance's user, but not read.
  mkdirSync(dirname(spec.scratchDirectory), { recursive: true, mode: 0o711 });
  mkdirSync(spec.scratchDirectory, { recursive: true, mode: 0o750 });
  if (spec.user !== undefined && can.userSwitch.usable) chownSync(spec.scratchDirectory, spec.user.uid, spec.user.gid);
  for (const { source, target } of spec.mounts) {
    if (can.mountNamespace.usable) {
      if (!existsSync(target)) mkdirSync(target, { recursive: true, mode: 0o755 });
      continue;
    }
    mkdirSync(dirname(target), { recursive: true });
    const there = lstatSync(target, { throwIfNoEntry: false });
    if (there?.isSymbolicLink() === true && readlinkSync(target) === source) continue;
    if (there !== undefined) throw unsupported(`mounts: ${target} exists already`);
    symlinkSync(source, target);
  }
}
