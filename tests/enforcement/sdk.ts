/** Calling any operation of an official client by its name. */
import type { Send } from "./walk.ts";

interface Client {
  // biome-ignore lint/suspicious/noExplicitAny: each client takes the commands of its own package only.
  send(command: any): Promise<unknown>;
  destroy(): void;
}

/** @param commands the client's package: `XxxCommand` for each operation */
export function commandSender(client: Client, commands: object): { readonly send: Send; readonly destroy: () => void } {
  const byName = commands as Readonly<Record<string, new (input: object) => object>>;
  return {
    send(operation, input) {
      const Command = byName[`${operation}Command`];
      if (Command === undefined) throw new Error(`the client has no ${operation}Command`);
      return client.send(new Command(input));
    },
    destroy: () => client.destroy(),
  };
}
