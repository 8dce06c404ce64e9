/** Rules for sections that are no policies: references, tags, texts and numbers. Pure. */
import type { IdentityKind } from "#contracts";
import { refuse } from "#control-plane/events";
import { ENTITY_QUOTAS } from "./limits.ts";
import { invalid, quotaExceeded, shown } from "./refusals.ts";
import type { SectionRule } from "./section-rule.ts";

const DESCRIPTION = /^[\t\n\r\x20-\x7e\xa1-\xff]*$/;
/** IAM API Reference, Tag. */
const TAG_KEY = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u;
const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;
const THUMBPRINT = /^[0-9a-fA-F]{40}$/;
/** Clocks of data planes may be ahead of ours, by a little. */
const CLOCK_AHEAD_MS = 60_000;

/** Ids of other entities. @param quota IAM's name of it */
export function references(kind: IdentityKind, quota: string, max: number): SectionRule {
  return {
    put(given, { accountId, views }, entityId) {
      if (given !== true) return invalid(`A ${kind} is added with the value true, and removed with null`);
      if (views.entity(kind, accountId, entityId) !== undefined) return undefined;
      return refuse("NoSuchEntity", `The ${kind} with id ${shown(entityId, "given")} cannot be found.`);
    },
    whole: (members) => (Object.keys(members).length > max ? quotaExceeded(quota, max) : undefined),
  };
}

/** IAM User Guide, "Tags for AWS Identity and Access Management resources": keys of users and roles differ in more than case. */
export const tags: SectionRule = {
  put(value, _context, key) {
    if (!TAG_KEY.test(key)) {
      return invalid("The key of a tag has 1 to 128 letters, digits, spaces and characters of _.:/=+-@");
    }
    if (/^aws:/i.test(key)) return invalid("Tag keys that begin with aws: are reserved for AWS");
    if (typeof value === "string" && TAG_VALUE.test(value)) return undefined;
    return invalid("The value of a tag has up to 256 letters, digits, spaces and characters of _.:/=+-@");
  },
  whole(members, { kind }) {
    const keys = Object.keys(members);
    // Of other kinds keys are case sensitive (same page, "Case sensitivity").
    const ignoresCase = kind === "user" || kind === "role";
    if (ignoresCase && new Set(keys.map((key) => key.toLowerCase())).size < keys.length) {
      return invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
    }
    if (keys.length <= ENTITY_QUOTAS.tags) return undefined;
    return refuse("LimitExceeded", "The number of tags has reached the maximum limit.");
  },
};

export const description: SectionRule = {
  put(given) {
    const max = ENTITY_QUOTAS.descriptionCharacters;
    if (typeof given === "string" && given.length <= max && DESCRIPTION.test(given)) return undefined;
    return invalid(`A description has up to ${max} characters of Latin-1, without control characters`);
  },
};

/** Epoch milliseconds. A time that is still to come would refuse sessions that are not issued yet. */
export const sessionsValidFrom: SectionRule = {
  put(given, { dependencies }) {
    const latest = dependencies.now() + CLOCK_AHEAD_MS;
    if (typeof given === "number" && Number.isSafeInteger(given) && given >= 0 && given <= latest) return undefined;
    return invalid("The time from which sessions are valid is a number of milliseconds that does not lie ahead");
  },
};

export const maxSessionDuration: SectionRule = {
  put(given) {
    const { sessionDurationMinSeconds: min, sessionDurationMaxSeconds: max } = ENTITY_QUOTAS;
    if (typeof given === "number" && Number.isInteger(given) && given >= min && given <= max) return undefined;
    return invalid(`The longest session of a role lasts ${min} to ${max} seconds`);
  },
};

/** Of an OpenID Connect provider. Its name is the URL without the scheme, so only the scheme is news. */
export const providerUrl: SectionRule = {
  fixed: true,
  required: true,
  put(given, { name }) {
    if (given === `https://${name}`) return undefined;
    // A provider on this very machine has nothing between it and us.
    const local = /^(?:localhost|127\.0\.0\.1|\[::1\])(?:[:/]|$)/.test(name);
    if (local && given === `http://${name}`) return undefined;
    return invalid("Invalid Open ID Connect Provider URL. The URL must begin with https://.");
  },
};

export const clientIds: SectionRule = {
  put(given, _context, clientId) {
    const max = ENTITY_QUOTAS.clientIdCharacters;
    if (given === true && clientId.length >= 1 && clientId.length <= max) return undefined;
    return invalid(`A client id has 1 to ${max} characters`);
  },
  whole(members) {
    const max = ENTITY_QUOTAS.clientIdsPerProvider;
    if (Object.keys(members).length <= max) return undefined;
    return quotaExceeded("ClientIdsPerOpenIdConnectProvider", max);
  },
};

export const thumbprints: SectionRule = {
  put(given) {
    if (!Array.isArray(given) || !given.every((each) => typeof each === "string" && THUMBPRINT.test(each))) {
      return invalid("Thumbprints are a list of texts of 40 hexadecimal digits");
    }
    if (given.length <= ENTITY_QUOTAS.thumbprintsPerProvider) return undefined;
    return invalid(`Thumbprint list must contain fewer than ${ENTITY_QUOTAS.thumbprintsPerProvider} entries.`);
  },
};
