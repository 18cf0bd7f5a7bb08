import { call } from '../../src/remoting/call.ts';
import { Connection } from '../../src/remoting/network/connection.ts';
import { parseAddress } from '../../src/remoting/network/open-link.ts';
import { updateBrokerConfig } from '../../src/remoting/requests/update-broker-config.ts';

/** Changes settings of a running broker. */
export async function setBroker(
  address: string,
  values: Readonly<Record<string, string | number | boolean>>,
): Promise<void> {
  const connection = new Connection(parseAddress(address));
  try {
    await call(connection, updateBrokerConfig, values, { timeoutMs: 10_000 });
  } finally {
    connection.close();
  }
}
