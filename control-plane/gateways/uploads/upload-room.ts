/** How much of what is being uploaded is in memory at once: of everybody together, and of one org. Pure. */

/** Of everybody: four of the largest artifacts. */
export const ROOM_BYTES = 256 * 1024 * 1024;
/** Of one org: half of it, so that none keeps out the others. */
export const ROOM_BYTES_PER_ORG = ROOM_BYTES / 2;

/** Uploads of one org at once, however small they are: each is judged in its turn. */
export const UPLOADS_PER_ORG = 8;

/** What one upload holds. */
export interface HeldRoom {
  /** @returns whether there is room for so much more */
  take(bytes: number): boolean;
  /** Gives all of it back; a second time does nothing. */
  release(): void;
}

/** Octets count when they have come, not when they are announced: whoever sends slowly holds little. */
export function createUploadRoom(most: number = ROOM_BYTES, perOrg: number = ROOM_BYTES_PER_ORG) {
  const held = new Map<string, number>();
  const uploads = new Map<string, number>();
  let all = 0;
  return {
    get bytes(): number {
      return all;
    },
    /** @returns undefined: the org has enough on its way */
    enter(org: string): HeldRoom | undefined {
      const others = uploads.get(org) ?? 0;
      if (others >= UPLOADS_PER_ORG) return undefined;
      uploads.set(org, others + 1);
      let isOver = false;
      let own = 0;
      return {
        take(bytes) {
          if (isOver) return false;
          const ofOrg = held.get(org) ?? 0;
          if (all + bytes > most || ofOrg + bytes > perOrg) return false;
          held.set(org, ofOrg + bytes);
          all += bytes;
          own += bytes;
          return true;
        },
        release() {
          if (isOver) return;
          isOver = true;
          const still = uploads.get(org)! - 1;
          if (still > 0) uploads.set(org, still);
          else uploads.delete(org);
          const left = (held.get(org) ?? 0) - own;
          if (left > 0) held.set(org, left);
          else held.delete(org);
          all -= own;
        },
      };
    },
  };
}

export type UploadRoom = ReturnType<typeof createUploadRoom>;
