/** What things of a fleet may be called, and how large they may be. Pure; each gives a sentence that names the field and the rule, or undefined. */
import type { RolloutStrategy, SpecFile } from "#contracts";
import { ROLLOUT_STAGES_MAX } from "#contracts";
import { BAKE_SECONDS_MAX, FLEET_LIMITS } from "./limits.ts";

type Problem = string | undefined;

const PRINTABLE = /^[^\p{C}\p{Zl}\p{Zp}]+$/u;
const INSTANCE = /^[\x21-\x7e]{1,128}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
/** Longest path of a file, in characters. */
const PATH_MAX = 512;
const MESSAGE_MAX = 512;
const TEXT_MAX = 256;

export function nameProblem(name: string): Problem {
  if (name.trim() === name && name.length <= 64 && PRINTABLE.test(name)) return undefined;
  return "name must have 1 to 64 printable characters, neither beginning nor ending with a space";
}

export function messageProblem(message: string | undefined): Problem {
  if (message === undefined || message.length <= MESSAGE_MAX) return undefined;
  return `message must have ${MESSAGE_MAX} characters at most`;
}

/** Texts that a gateway says of itself, or that a build is told about where it comes from. */
export function shortTextProblem(field: string, value: string | undefined): Problem {
  if (value === undefined || value === "" || (value.length <= TEXT_MAX && PRINTABLE.test(value))) return undefined;
  return `${field} must have ${TEXT_MAX} printable characters at most`;
}

export function instanceProblem(instanceId: string): Problem {
  return INSTANCE.test(instanceId) ? undefined : "instanceId must have 1 to 128 visible ASCII characters";
}

export function digestProblem(field: string, digest: string): Problem {
  return DIGEST.test(digest) ? undefined : `${field} must be sha256: and 64 hexadecimal digits`;
}

/** A path by which nothing outside of its folder can be meant. */
function pathProblem(path: string): Problem {
  const segments = path.split("/");
  const sound =
    path.length <= PATH_MAX &&
    PRINTABLE.test(path) &&
    !path.includes("\\") &&
    !segments.some((segment) => segment === "" || segment === "." || segment === "..");
  return sound
    ? undefined
    : `files: ${JSON.stringify(path.slice(0, 80))} must be a relative path of ${PATH_MAX} characters at most, with / and without empty, . or .. segments`;
}

export function filesProblem(files: readonly SpecFile[], descriptions: readonly string[]): Problem {
  if (files.length === 0 || files.length > FLEET_LIMITS.filesPerRevision) {
    return `files: a revision has 1 to ${FLEET_LIMITS.filesPerRevision} files`;
  }
  const paths = new Set(files.map(({ path }) => path));
  if (paths.size < files.length) return "files: a path is there twice";
  const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (bytes > FLEET_LIMITS.revisionBytes) {
    return `files: a revision has ${FLEET_LIMITS.revisionBytes} bytes at most; these are ${bytes}`;
  }
  for (const { path, digest } of files) {
    const problem = pathProblem(path) ?? digestProblem("files: a digest", digest);
    if (problem !== undefined) return problem;
  }
  if (descriptions.length === 0) return "descriptions must name one file at least";
  if (new Set(descriptions).size < descriptions.length) return "descriptions: a file is named twice";
  const missing = descriptions.find((path) => !paths.has(path));
  return missing === undefined
    ? undefined
    : `descriptions: there is no file ${JSON.stringify(missing.slice(0, 80))} in this revision`;
}

/** @param isGroup whether it is the id of a group of the project */
export function strategyProblem(strategy: RolloutStrategy, isGroup: (groupId: string) => boolean): Problem {
  const { stages, errorRateMax, requestsMin } = strategy;
  if (stages.length === 0 || stages.length > ROLLOUT_STAGES_MAX) {
    return `strategy.stages: a rollout has 1 to ${ROLLOUT_STAGES_MAX} stages`;
  }
  let before = 0;
  for (const [index, { percent, groups = [], bakeSeconds }] of stages.entries()) {
    const at = `strategy.stages[${index}]`;
    if (percent === undefined && groups.length === 0) return `${at} must say percent or groups`;
    if (percent !== undefined) {
      if (!(percent > 0 && percent <= 100)) return `${at}.percent must be above 0, and 100 at most`;
      if (percent < before) return `${at}.percent must not be less than in the stage before`;
      before = percent;
    }
    const unknown = groups.find((group) => !isGroup(group));
    if (unknown !== undefined) return `${at}.groups: the project has no group ${JSON.stringify(unknown.slice(0, 80))}`;
    if (bakeSeconds > BAKE_SECONDS_MAX) return `${at}: the time to bake must be ${BAKE_SECONDS_MAX} seconds at most`;
  }
  if (stages.at(-1)!.percent !== 100) return "strategy.stages: the last one must have percent 100";
  if (errorRateMax !== undefined && !(errorRateMax >= 0 && errorRateMax <= 1)) {
    return "strategy: the highest error rate must be from 0 to 1";
  }
  return requestsMin !== undefined && requestsMin > 1e12
    ? "strategy: the least number of requests is too large"
    : undefined;
}
