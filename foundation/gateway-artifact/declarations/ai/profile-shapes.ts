/** What configurations of guards have in common. */
import { scanPattern, UnusablePattern } from "#foundation/regex";
import type { JsonObject } from "../../plan.ts";
import type { ConfigProblem } from "../../plugin-declaration.ts";

/** @param profile schema of one */
export function profileMembers(profile: JsonObject): JsonObject {
  return {
    context_key: {
      type: "string",
      pattern: "^[A-Za-z0-9_.-]{1,128}$",
      default: "ai.policy",
      description: "The context value that names the profile; an earlier middleware (`cel`) sets it.",
    },
    default_profile: { type: "string", description: "The profile where nothing is named, or something unknown." },
    profiles: { type: "object", minProperties: 1, maxProperties: 100, additionalProperties: profile },
  };
}

export const PATTERNS: JsonObject = {
  type: "array",
  maxItems: 200,
  items: { type: "string", minLength: 1, maxLength: 1000 },
};

type Profiles = Readonly<Record<string, JsonObject>>;

export const profilesIn = ({ profiles = {} }: JsonObject): Profiles => profiles as Profiles;

export function usualProfile(config: JsonObject): readonly ConfigProblem[] {
  const usual = config.default_profile;
  return typeof usual !== "string" || Object.hasOwn(profilesIn(config), usual)
    ? []
    : [{ pointer: "/default_profile", message: `There is no profile ${usual}.` }];
}

/** @param pointer of a list of patterns, or of one */
export function patternProblems(
  patterns: readonly string[],
  pointerOf: (index: number) => string,
): readonly ConfigProblem[] {
  return patterns.flatMap((written, index) => {
    try {
      scanPattern(written.startsWith("(?i)") ? written.slice("(?i)".length) : written);
      return [];
    } catch (error) {
      if (!(error instanceof UnusablePattern)) throw error;
      return [{ pointer: pointerOf(index), message: `The pattern cannot be used: ${error.message}` }];
    }
  });
}
