/**
 * Device authorization grants (RFC 8628): devices that wait for somebody to let them in. Pure but for randomness and the clock. In memory: a grant lives for ten minutes, and a device whose grant is
 * lost asks anew.
 */
import { secretHash } from "#control-plane/platform-identity";
import { type Clock, type Random, randomBelow } from "#foundation/runtime";

/** RFC 8628 §6.1: letters without vowels, so that no words come up, and none that look alike. */
const ALPHABET = "BCDFGHJKLMNPQRSTVWXZ";
/** 20^8 = 2.6 × 10^10 codes: where ten thousand devices wait, one guess in 2.6 million hits one; and who guesses is signed in, and is locked out after a few. */
const USER_CODE_LETTERS = 8;
const DEVICE_CODE_BYTES = 32;

export const GRANT_LIFETIME_MS = 10 * 60_000;
/** Seconds between two polls at least; a device that is faster gets slower (§3.5). */
export const POLL_INTERVAL_SECONDS = 5;
const SLOW_DOWN_SECONDS = 5;
/** A poll that comes a little early on its way through the network is not refused. */
const POLL_TOLERANCE_MS = 500;

/** Devices that are remembered at once: 5 MB. */
export const GRANTS_MAX = 10_000;

/** Of one source, so that a stranger who begins and begins does not keep everybody else out. A whole office may sit behind one address. */
export const GRANTS_OF_SOURCE_MAX = 100;

/** Who asks to be let in. */
export interface DeviceRequest {
  readonly clientName: string;
  readonly scopes: readonly string[];
}

export interface StartedGrant {
  readonly deviceCode: string;
  /** `BCDF-GHJK` */
  readonly userCode: string;
}

/** What a device hears when it polls. */
export type PollAnswer =
  | { readonly state: "pending" | "slowDown" | "denied" | "expired" | "unknown" }
  | { readonly state: "approved"; readonly personId: string; readonly request: DeviceRequest };

export interface DeviceGrants {
  /** Undefined when too many devices wait already. @param source see `sourceOf` */
  start(request: DeviceRequest, source: string): StartedGrant | undefined;
  /** An approved grant is given out once. */
  poll(deviceCode: string): PollAnswer;
  /** The request behind a user code that nobody has answered yet. @param userCode as people type it */
  find(userCode: string): DeviceRequest | undefined;
  /** False when there is no such request any more. */
  answer(
    userCode: string,
    answer: { readonly approvedBy: string; readonly scopes: readonly string[] } | "denied",
  ): boolean;
  /** Takes back what a person has approved and no device has fetched yet. */
  forget(personId: string): void;
}

interface Grant {
  readonly source: string;
  readonly userCode: string;
  request: DeviceRequest;
  readonly expiresAt: number;
  intervalSeconds: number;
  polledAt: number | undefined;
  outcome: { readonly approvedBy: string } | "denied" | undefined;
}

export function createDeviceGrants(clock: Clock, random: Random): DeviceGrants {
  /** By the hash of the device code, in order of their making. */
  const grants = new Map<string, Grant>();
  /** Hash of the device code by user code. */
  const byUserCode = new Map<string, string>();

  /** How many grants each source has. */
  const ofSources = new Map<string, number>();

  const drop = (hash: string, { userCode, source }: Grant): void => {
    grants.delete(hash);
    byUserCode.delete(userCode);
    const left = (ofSources.get(source) ?? 1) - 1;
    if (left === 0) ofSources.delete(source);
    else ofSources.set(source, left);
  };
  /** A grant that has run out is remembered for as long again, so that its device is told what happened. */
  const dropOld = (): void => {
    for (const [hash, grant] of grants) {
      if (grant.expiresAt + GRANT_LIFETIME_MS > clock.monotonicMs()) return;
      drop(hash, grant);
    }
  };
  const waitingGrant = (userCode: string): Grant | undefined => {
    const hash = byUserCode.get(normalUserCode(userCode));
    const grant = hash === undefined ? undefined : grants.get(hash);
    const waits = grant !== undefined && grant.outcome === undefined && grant.expiresAt > clock.monotonicMs();
    return waits ? grant : undefined;
  };

  return {
    start(request, source) {
      dropOld();
      const fromThere = ofSources.get(source) ?? 0;
      if (grants.size >= GRANTS_MAX || fromThere >= GRANTS_OF_SOURCE_MAX) return undefined;
      ofSources.set(source, fromThere + 1);
      let userCode = newUserCode(random);
      while (byUserCode.has(userCode)) userCode = newUserCode(random);
      const deviceCode = `bpd_${Buffer.from(random.bytes(DEVICE_CODE_BYTES)).toString("base64url")}`;
      const hash = secretHash(deviceCode);
      grants.set(hash, {
        source,
        userCode,
        request,
        expiresAt: clock.monotonicMs() + GRANT_LIFETIME_MS,
        intervalSeconds: POLL_INTERVAL_SECONDS,
        polledAt: undefined,
        outcome: undefined,
      });
      byUserCode.set(userCode, hash);
      return { deviceCode, userCode: `${userCode.slice(0, 4)}-${userCode.slice(4)}` };
    },

    poll(deviceCode) {
      dropOld();
      const hash = secretHash(deviceCode);
      const grant = grants.get(hash);
      if (grant === undefined) return { state: "unknown" };
      const now = clock.monotonicMs();
      if (grant.expiresAt <= now) return { state: "expired" };
      const early =
        grant.polledAt !== undefined && now - grant.polledAt < grant.intervalSeconds * 1000 - POLL_TOLERANCE_MS;
      grant.polledAt = now;
      if (early) {
        grant.intervalSeconds += SLOW_DOWN_SECONDS;
        return { state: "slowDown" };
      }
      if (grant.outcome === undefined) return { state: "pending" };
      drop(hash, grant);
      if (grant.outcome === "denied") return { state: "denied" };
      return { state: "approved", personId: grant.outcome.approvedBy, request: grant.request };
    },

    find: (userCode) => waitingGrant(userCode)?.request,

    answer(userCode, answer) {
      const grant = waitingGrant(userCode);
      if (grant === undefined) return false;
      if (answer === "denied") grant.outcome = "denied";
      else {
        grant.request = { ...grant.request, scopes: answer.scopes };
        grant.outcome = { approvedBy: answer.approvedBy };
      }
      return true;
    },

    forget(personId) {
      for (const [hash, grant] of grants) {
        if (typeof grant.outcome === "object" && grant.outcome.approvedBy === personId) drop(hash, grant);
      }
    },
  };
}

function newUserCode(random: Random): string {
  return Array.from({ length: USER_CODE_LETTERS }, () => ALPHABET[randomBelow(random, ALPHABET.length)]).join("");
}

/** People type small letters, and dashes and spaces wherever they like. */
function normalUserCode(typed: string): string {
  return typed
    .slice(0, 64)
    .toUpperCase()
    .replace(/[^A-Z]/g, "");
}
