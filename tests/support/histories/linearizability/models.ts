/**
 * Objects whose histories can be checked: a register with compare-and-set, alone or one of many, and a map of texts to which can be appended.
 */
import type { Model } from "./operation.ts";

/** What a register holds; null for nothing. */
export type RegisterValue = string | number | null;

export type RegisterInput =
  | { readonly type: "read" }
  | { readonly type: "write"; readonly value: RegisterValue }
  /** Answered with true when the register held `expected` and now holds `value`. */
  | { readonly type: "cas"; readonly expected: RegisterValue; readonly value: RegisterValue };

/** What a read saw, whether a compare-and-set was done, nothing for a write. */
export type RegisterOutput =
  | { readonly type: "read"; readonly value: RegisterValue }
  | { readonly type: "cas"; readonly done: boolean }
  | { readonly type: "write" };

/** A register among many: `key` says which. */
export type KeyedRegisterInput = RegisterInput & { readonly key: string };

export type TextMapInput =
  | { readonly type: "get"; readonly key: string }
  | { readonly type: "put" | "append"; readonly key: string; readonly value: string };

/** The text that a `get` saw; nothing for the others. */
export type TextMapOutput = string | undefined;

type Answer<Output> = { readonly output: Output } | undefined;

/** One register: read, written, compared and set. It holds null at first. */
export const registerModel: Model<RegisterValue, RegisterInput, RegisterOutput> = {
  initial: null,
  step: stepRegister,
  isRead: (input, output) => input.type === "read" || (output.type === "cas" && !output.done),
  stateKey: (value) => `${typeof value} ${value}`,
  inputKey: registerInputKey,
  partition: () => "",
  describe: describeRegister,
};

/** Registers that know nothing of each other. */
export const keyedRegisterModel: Model<RegisterValue, KeyedRegisterInput, RegisterOutput> = {
  ...registerModel,
  partition: ({ key }) => key,
  inputKey: (input) => JSON.stringify([input.key, registerInputKey(input)]),
  describe: (input, output) => `${input.key}: ${describeRegister(input, output)}`,
};

/** A map from keys to texts: get, put, append. A key that nobody wrote holds the empty text. */
export const textMapModel: Model<string, TextMapInput, TextMapOutput> = {
  initial: "",
  step: stepTextMap,
  isRead: (input) => input.type === "get",
  stateKey: (text) => text,
  inputKey: (input) => JSON.stringify([input.type, input.key, input.type === "get" ? "" : input.value]),
  partition: ({ key }) => key,
  describe(input, output) {
    if (input.type !== "get") return `${input.type} ${input.key} ${JSON.stringify(input.value)}`;
    return `get ${input.key} → ${output === undefined ? "?" : JSON.stringify(output)}`;
  },
};

function stepRegister(
  state: RegisterValue,
  input: RegisterInput,
  answer: Answer<RegisterOutput>,
): RegisterValue | undefined {
  const output = answer?.output;
  if (output !== undefined && output.type !== input.type) {
    throw new TypeError(`A ${input.type} cannot be answered as a ${output.type}.`);
  }
  switch (input.type) {
    case "read":
      return output?.type === "read" && output.value !== state ? undefined : state;
    case "write":
      return input.value;
    case "cas": {
      const matches = state === input.expected;
      if (output?.type === "cas" && output.done !== matches) return undefined;
      return matches ? input.value : state;
    }
  }
}

function registerInputKey(input: RegisterInput): string {
  switch (input.type) {
    case "read":
      return JSON.stringify([input.type]);
    case "write":
      return JSON.stringify([input.type, input.value]);
    case "cas":
      return JSON.stringify([input.type, input.expected, input.value]);
  }
}

function describeRegister(input: RegisterInput, output: RegisterOutput | undefined): string {
  switch (input.type) {
    case "read":
      return `read → ${output?.type === "read" ? JSON.stringify(output.value) : "?"}`;
    case "write":
      return `write ${JSON.stringify(input.value)}`;
    case "cas": {
      const done = output?.type === "cas" ? (output.done ? "done" : "refused") : "?";
      return `cas ${JSON.stringify(input.expected)} to ${JSON.stringify(input.value)} → ${done}`;
    }
  }
}

function stepTextMap(state: string, input: TextMapInput, answer: Answer<TextMapOutput>): string | undefined {
  switch (input.type) {
    case "get":
      return answer !== undefined && answer.output !== state ? undefined : state;
    case "put":
      return input.value;
    case "append":
      return state + input.value;
  }
}
