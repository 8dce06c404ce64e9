/**
 * Control groups, version 2 (Documentation/admin-guide/cgroup-v2.rst of Linux). Each run gets a group below `parent`; the supervisor stays outside, so that
 * the kernel never kills it for what the program used. Without controllers a group is still worth having: it knows its members and kills them in one step.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunPlan } from "./instance-files.ts";

export type Controller = "memory" | "cpu" | "pids";

export interface ControlGroupParent {
  readonly path: string;
  /** Why a controller is not to be had below it; absent when it is. */
  readonly missing: Readonly<Partial<Record<Controller, string>>>;
}

/**
 * Where this process may make groups: `configured`, or its own group. Controllers are switched on where the kernel lets us: a group that holds processes
 * itself cannot pass them on, except the root ("no internal processes"), so that an operator who wants limits names an empty, delegated group.
 *
 * @returns the reason when there is no such place
 */
export function findControlGroupParent(configured?: string): ControlGroupParent | string {
  const path = configured ?? ownGroup();
  if (path === undefined) return "cgroup v2 is not mounted";
  if (!existsSync(join(path, "cgroup.controllers"))) return `${path} is no control group of version 2`;
  const available = new Set(words(join(path, "cgroup.controllers")));
  const missing: Partial<Record<Controller, string>> = {};
  for (const controller of ["memory", "cpu", "pids"] as const) {
    if (!available.has(controller)) {
      missing[controller] = `the ${controller} controller is not part of cgroup v2 at ${path}`;
      continue;
    }
    try {
      writeFileSync(join(path, "cgroup.subtree_control"), `+${controller}`);
    } catch (error) {
      missing[controller] =
        `the ${controller} controller cannot be passed on from ${path}: ${(error as Error).message}`;
    }
  }
  return { path, missing };
}

function ownGroup(): string | undefined {
  const mount = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" - "))
    .find(([, after]) => after?.startsWith("cgroup2 "));
  const mountPoint = mount?.[0]?.split(" ")[4];
  const own = /^0::(.+)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1];
  return mountPoint === undefined || own === undefined ? undefined : join(mountPoint, own);
}

function words(path: string): readonly string[] {
  return readFileSync(path, "utf8")
    .split(/\s+/)
    .filter((word) => word !== "");
}

export interface GroupLimits {
  readonly memoryLimitBytes?: number;
  readonly cpuWeight?: number;
  readonly processesMax?: number;
}

/** Makes the group of a run and sets what the kernel can enforce. */
export function makeControlGroup(plan: NonNullable<RunPlan["cgroup"]>, limits: GroupLimits): void {
  mkdirSync(plan.path);
  const set = (file: string, value: string | number): void => writeFileSync(join(plan.path, file), String(value));
  if (plan.memory && limits.memoryLimitBytes !== undefined) {
    set("memory.max", limits.memoryLimitBytes);
    // The whole instance ends: half of one is no use to anybody.
    set("memory.oom.group", 1);
    if (existsSync(join(plan.path, "memory.swap.max"))) set("memory.swap.max", 0);
  }
  if (plan.cpu && limits.cpuWeight !== undefined) set("cpu.weight", limits.cpuWeight);
  if (plan.processes && limits.processesMax !== undefined) set("pids.max", limits.processesMax);
}

export function joinControlGroup(path: string): void {
  writeFileSync(join(path, "cgroup.procs"), "0");
}

/** Kills all members at once. @returns false when the kernel is too old for it (before 5.14) or the group is gone */
export function killControlGroup(path: string): boolean {
  if (!existsSync(join(path, "cgroup.kill"))) return false;
  writeFileSync(join(path, "cgroup.kill"), "1");
  return true;
}

export function membersOf(path: string): readonly number[] {
  return existsSync(path) ? words(join(path, "cgroup.procs")).map(Number) : [];
}

/** Removes the group; its members have to be gone. */
export function removeControlGroup(path: string): void {
  if (existsSync(path)) rmdirSync(path);
}

/** A number out of a `name value` file (`memory.events`, `cpu.stat`); undefined when there is none. */
export function groupNumber(path: string, file: string, name: string): number | undefined {
  if (!existsSync(join(path, file))) return undefined;
  const match = new RegExp(`^${name} (\\d+)$`, "m").exec(readFileSync(join(path, file), "utf8"));
  return match === null ? undefined : Number(match[1]);
}
