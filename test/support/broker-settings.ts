import { call, type RequestKind } from '../../src/remoting/call.ts';
import { Connection } from '../../src/remoting/network/connection.ts';
import { parseAddress } from '../../src/remoting/network/open-link.ts';

type Values = Readonly<Record<string, string | number | boolean>>;

/** UPDATE_BROKER_CONFIG: the body holds lines of name=value, which count at once and are kept in the broker's file. */
const updateBrokerConfig: RequestKind<Values, undefined> = {
  code: 25,
  name: 'UPDATE_BROKER_CONFIG',
  accepts: [0],
  build: (values) => ({
    fields: {},
    body: [
      Buffer.from(
        Object.entries(values)
          .map(([name, value]) => `${name}=${value}\n`)
          .join(''),
      ),
    ],
  }),
  read: () => undefined,
};

/** Changes settings of a running broker. */
export async function setBroker(address: string, values: Values): Promise<void> {
  const connection = new Connection(parseAddress(address));
  try {
    await call(connection, updateBrokerConfig, values, { timeoutMs: 10_000 });
  } finally {
    connection.close();
  }
}
