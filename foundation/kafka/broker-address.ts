/** Addresses of brokers: `host:port,host:port`. Pure. */

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORT = 9092;
const ADDRESS = /^(?:([A-Za-z0-9._-]+)|\[([0-9A-Fa-f:.]+)\])(?::(\d{1,5}))?$/;

/** @throws TypeError for what is no such list */
export function parseBrokers(text: string): readonly BrokerAddress[] {
  return text.split(",").map((one) => {
    const [, name, version6, digits] = ADDRESS.exec(one.trim()) ?? [];
    const port = digits === undefined ? DEFAULT_PORT : Number(digits);
    const host = name ?? version6;
    if (host === undefined || port < 1 || port > 65_535) {
      throw new TypeError(`${JSON.stringify(one.trim())} is no address of a broker, which is HOST:PORT`);
    }
    return { host, port };
  });
}

export const addressText = ({ host, port }: BrokerAddress): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
