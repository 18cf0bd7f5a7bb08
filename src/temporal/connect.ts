import { NativeConnection } from '@temporalio/worker';
import { connectClient, temporalEnvironment, unreachable, type Temporal } from './client.ts';

/** A worker polls over the native connection; its activities speak to Temporal through the client. */
export interface TemporalConnections extends Temporal {
  readonly native: NativeConnection;
  close(): Promise<void>;
}

/** @throws Error that says what is wrong with the environment, or that Temporal does not answer, and what to do */
export async function connectTemporal(): Promise<TemporalConnections> {
  const environment = temporalEnvironment();
  const temporal = await connectClient(environment);
  try {
    const native = await NativeConnection.connect(environment.connectionOptions);
    const close = async () => {
      await native.close();
      await temporal.connection.close();
    };
    return { ...temporal, native, close };
  } catch (error) {
    await temporal.connection.close();
    throw unreachable(environment, error);
  }
}
