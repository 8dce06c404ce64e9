/** What a provider of language models is to the gateway: its requests, responses and streams, made of OpenAI's and into them. Pure. */
import type { ServerSentEvent } from "../streams/event-reader.ts";

export type JsonRecord = Readonly<Record<string, unknown>>;

/** A request for a chat completion (or, where that was asked for, a response), as a client of OpenAI sends it. */
export interface ChatRequest {
  readonly body: JsonRecord;
  /** As it was sent. */
  readonly text: string;
  readonly isStream: boolean;
  /** Whether the client wants usage at the end of its stream. */
  readonly wantsUsage: boolean;
}

/** Tokens, as the provider counts them. */
export interface Usage {
  readonly prompt: number;
  readonly completion: number;
}

/** A model that a provider says it has. */
export interface ListedModel {
  readonly id: string;
  /** Seconds since 1970; 0 where it does not say. */
  readonly created: number;
}

export interface Provider {
  /** Path of the base address where it has none. */
  readonly usualBase: "/v1" | "/api";
  /** Behind the base address. */
  readonly path: string;
  /** Fields of every request besides those of the key. */
  readonly fields: readonly string[];
  /** Media type of its streams. */
  readonly streamType: "text/event-stream" | "application/x-ndjson";
  /** The body to send. @throws Untranslatable naming what cannot be said to this provider */
  request(chat: ChatRequest, model: string): string;
  /** Of a response that is whole. @throws NotUnderstood */
  response(
    text: string,
    now: () => number,
    chat: ChatRequest,
  ): { readonly text: string; readonly usage: Usage | undefined };
  stream(chat: ChatRequest, now: () => number): StreamTranslator;
  /** What a client should know of its request, that was not passed on as it is. Printable ASCII without quotes. */
  warnings?(chat: ChatRequest): readonly string[];
  readonly models: {
    /** To ask for the models with GET, behind the base address. */
    readonly path: string;
    /** @throws NotUnderstood */
    read(text: string): readonly ListedModel[];
  };
}

/** Takes events as they come, and gives data of OpenAI's events. */
export interface StreamTranslator {
  /** @throws NotUnderstood */
  take(event: ServerSentEvent): readonly string[];
  /** The provider has closed its stream. @throws NotUnderstood when it was not complete */
  end(): readonly string[];
  /** Nothing follows. */
  readonly isDone: boolean;
  /** Once it is known. */
  readonly usage: Usage | undefined;
  /** Characters of the answer so far, for an estimate where there is no usage. */
  readonly characters: number;
  /** What the provider says went wrong in the middle; nothing follows. */
  readonly error: string | undefined;
}

export type UntranslatableCode =
  | "bad-request"
  | "responses-not-supported-for-provider"
  | "custom-tools-not-supported-for-provider"
  | "previous-response-id-not-supported";

/** Parts of a request that a provider has no words for. */
export class Untranslatable extends Error {
  override readonly name = "Untranslatable";
  /** @param param the member, such as `messages[2].content[0]` */
  constructor(
    readonly param: string,
    message: string,
    readonly code: UntranslatableCode = "bad-request",
  ) {
    super(message);
  }
}

/** A provider says something that is not of its API. */
export class NotUnderstood extends Error {
  override readonly name = "NotUnderstood";
}

export const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** @throws NotUnderstood */
export function parseRecord(text: string): JsonRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new NotUnderstood("The provider has sent what is no JSON.");
  }
  if (!isRecord(value)) throw new NotUnderstood("The provider has sent no object.");
  return value;
}

/** @param member a list of records @throws NotUnderstood */
export function listOf(text: string, member: string): readonly JsonRecord[] {
  const list = parseRecord(text)[member];
  if (!Array.isArray(list)) throw new NotUnderstood("The provider has sent no list.");
  return list.filter(isRecord);
}

const MS_PER_S = 1000;

/** @param date as in RFC 3339 @returns seconds since 1970; 0 for what is none */
export function secondsOf(date: unknown): number {
  const ms = typeof date === "string" ? Date.parse(date) : Number.NaN;
  return Number.isFinite(ms) && ms > 0 ? Math.floor(ms / MS_PER_S) : 0;
}

export const tokensOf = (value: unknown): number => (typeof value === "number" && value > 0 ? Math.floor(value) : 0);

/** The sentence of an error document, in any of the providers' shapes. */
export function errorSentence(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { error = value } = value;
  if (typeof error === "string") return error;
  return isRecord(error) && typeof error.message === "string" ? error.message : undefined;
}
