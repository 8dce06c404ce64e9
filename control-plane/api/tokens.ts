/** The bearer tokens of the API and of joining data planes. Only their hashes are kept. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { secretHash } from "#control-plane/platform-identity";
import { equalInConstantTime } from "#foundation/crypto";
import type { Random } from "#foundation/runtime";

/** 256 bits: nobody guesses it, so one fast hash is enough to keep it (unlike a password). */
const TOKEN_BYTES = 32;

/** Tokens begin with what they are, so that people and secret scanners recognise them. */
const PREFIX = { api: "bpa_", join: "bpj_" } as const;

/** What a token is for. */
export type TokenKind = keyof typeof PREFIX;

/** Tokens as their owner keeps them. */
export interface PlainTokens {
  readonly apiToken: string;
  readonly joinToken: string;
}

/** Checks tokens in constant time. */
export interface TokenVerifier {
  verify(kind: TokenKind, token: string): boolean;
}

/** What {@link openTokens} gives. */
export interface OpenedTokens extends TokenVerifier {
  /** Both tokens in the clear, for the credentials file: those that were known, or fresh ones. */
  readonly plain: PlainTokens;
  /** Which of them are fresh, because there were none or the known ones do not match what is kept. */
  readonly fresh: readonly TokenKind[];
}

/**
 * Opens the tokens of a control plane. A token whose plain form is lost is replaced, so that deleting the credentials file takes its tokens' power away.
 *
 * @param options.path the file of hashes, mode 0600; made when missing
 * @param options.known the tokens in the credentials file
 * @throws SyntaxError when the file is there and is not ours
 */
export function openTokens(options: {
  readonly path: string;
  readonly random: Random;
  readonly known: Partial<PlainTokens> | undefined;
}): OpenedTokens {
  const { path, random, known } = options;
  const kept = readHashes(path);
  const fresh: TokenKind[] = [];
  const plainOf = (kind: TokenKind, given: string | undefined): string => {
    if (given !== undefined && kept[kind] !== undefined && equalInConstantTime(secretHash(given), kept[kind]))
      return given;
    fresh.push(kind);
    return `${PREFIX[kind]}${Buffer.from(random.bytes(TOKEN_BYTES)).toString("base64url")}`;
  };
  const plain: PlainTokens = {
    apiToken: plainOf("api", known?.apiToken),
    joinToken: plainOf("join", known?.joinToken),
  };
  const hashes = { api: secretHash(plain.apiToken), join: secretHash(plain.joinToken) };
  if (fresh.length > 0) writeHashes(path, hashes);
  return { plain, fresh, ...tokenVerifier(hashes) };
}

/** A verifier over hashes (SHA-256, hex). */
export function tokenVerifier(hashes: Readonly<Record<TokenKind, string>>): TokenVerifier {
  return { verify: (kind, token) => equalInConstantTime(secretHash(token), hashes[kind]) };
}

/** The token of an `Authorization: Bearer …` header (RFC 6750 §2.1), or undefined. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +([A-Za-z0-9\-._~+/]+=*) *$/i.exec(authorization ?? "")?.[1];
}

function readHashes(path: string): Partial<Readonly<Record<TokenKind, string>>> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
    throw error;
  }
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) throw new SyntaxError(`${path} does not hold token hashes`);
  const { api, join } = value as Readonly<Record<string, unknown>>;
  if (!isHash(api) || !isHash(join)) throw new SyntaxError(`${path} does not hold token hashes`);
  return { api, join };
}

function isHash(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

function writeHashes(path: string, hashes: Readonly<Record<TokenKind, string>>): void {
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const temporary = `${path}.tmp`;
  rmSync(temporary, { force: true });
  const file = openSync(temporary, "wx", 0o600);
  try {
    writeSync(file, `${JSON.stringify(hashes)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  const parent = openSync(directory, "r");
  try {
    fsyncSync(parent);
  } finally {
    closeSync(parent);
  }
}
