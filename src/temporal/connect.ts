import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';

/** Where Temporal is: the standard Temporal environment (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS, TEMPORAL_API_KEY, temporal.toml). */
export interface TemporalPlace {
  readonly address: string;
  readonly namespace: string;
}

/** A worker polls over the native connection; its activities speak to Temporal through the client. */
export interface TemporalConnections extends TemporalPlace {
  readonly native: NativeConnection;
  readonly connection: Connection;
  readonly client: Client;
  close(): Promise<void>;
}

/** @throws Error naming the address when Temporal does not answer */
export async function connectTemporal(): Promise<TemporalConnections> {
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const { address = 'localhost:7233' } = connectionOptions;
  const options = { ...connectionOptions, address };
  const connection = await Connection.connect({ ...options, connectTimeout: '5s' }).catch((error: unknown) => {
    throw new Error(unreachable(address), { cause: error });
  });
  try {
    const native = await NativeConnection.connect(options);
    const close = async () => {
      await native.close();
      await connection.close();
    };
    return { address, namespace, native, connection, client: new Client({ connection, namespace }), close };
  } catch (error) {
    await connection.close();
    throw new Error(unreachable(address), { cause: error });
  }
}

function unreachable(address: string): string {
  return (
    `cannot reach Temporal at ${address}. Start it (replicator stack up starts a local one), or correct TEMPORAL_ADDRESS, ` +
    'TEMPORAL_NAMESPACE, TEMPORAL_TLS and TEMPORAL_API_KEY'
  );
}
