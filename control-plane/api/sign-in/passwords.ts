/** Passwords: hashed with Argon2id (RFC 9106), a few at a time. */
import { ProblemError } from "#foundation/http";

/** OWASP, "Password Storage Cheat Sheet": Argon2id with 19 MiB of memory, two passes and one lane. */
const PARAMETERS = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const;

/** NIST SP 800-63B §3.1.1.2 asks for 8 at least where there is a second factor, and 15 where there is none; we ask for 12 and lock out those who guess. */
export const PASSWORD_CHARACTERS_MIN = 12;

/** Longer ones cost time and gain nothing. */
export const PASSWORD_BYTES_MAX = 1_024;

/** Each takes 19 MiB and a core for some 20 ms. */
const AT_ONCE_MAX = 2;

/** Beyond it people would wait for longer than they do: 64 × 20 ms / 2 is two thirds of a second. */
const WAITING_MAX = 64;

export interface Passwords {
  /** In PHC form. @throws ProblemError 503 when too many wait already */
  hash(password: string): Promise<string>;
  /**
   * Whether it is the password. Takes the same time when there is no hash to compare with, so that nobody learns by a clock who exists.
   * @throws ProblemError 503 when too many wait already
   */
  verify(password: string, hash: string | undefined): Promise<boolean>;
}

/** What is wrong with a new password; undefined when nothing is. */
export function passwordProblem(password: string): string | undefined {
  if ([...password].length < PASSWORD_CHARACTERS_MIN)
    return `A password has at least ${PASSWORD_CHARACTERS_MIN} characters.`;
  if (Buffer.byteLength(password) > PASSWORD_BYTES_MAX) return `A password has at most ${PASSWORD_BYTES_MAX} bytes.`;
  if (/^(.)\1*$/su.test(password)) return "A password is more than one character over and over.";
  return undefined;
}

export function createPasswords(): Passwords {
  let running = 0;
  const waiting: (() => void)[] = [];
  let standIn: Promise<string> | undefined;

  /** Runs a step when one of the places is free. */
  const inTurn = async <Result>(step: () => Promise<Result>): Promise<Result> => {
    if (running >= AT_ONCE_MAX) {
      if (waiting.length >= WAITING_MAX) throw busy();
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running++;
    try {
      return await step();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };

  return {
    hash: (password) => inTurn(() => Bun.password.hash(password, PARAMETERS)),
    async verify(password, hash) {
      // Nobody's: the hash of a password that is drawn and forgotten.
      standIn ??= Bun.password.hash(crypto.randomUUID(), PARAMETERS);
      const against = hash ?? (await standIn);
      if (Buffer.byteLength(password) > PASSWORD_BYTES_MAX) return false;
      const equal = await inTurn(() => Bun.password.verify(password, against));
      return equal && hash !== undefined;
    },
  };
}

function busy(): ProblemError {
  return new ProblemError(
    {
      status: 503,
      code: "BUSY",
      title: "Too many people sign in at this moment.",
      detail: "Try again in a second.",
      retryable: true,
    },
    { headers: [["retry-after", "1"]] },
  );
}
