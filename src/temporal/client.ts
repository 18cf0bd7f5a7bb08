import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { innermost } from './innermost.ts';

/** A connection to Temporal, set up by its standard environment (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, temporal.toml, ...). */
export interface Temporal {
  readonly client: Client;
  readonly connection: Connection;
  readonly address: string;
  readonly namespace: string;
}

type TemporalEnvironment = Pick<Temporal, 'address' | 'namespace'> & {
  readonly connectionOptions: ReturnType<typeof loadClientConnectConfig>['connectionOptions'];
};

const CONNECT_MS = 5_000;

/** @throws Error that says what is wrong with the environment, or that Temporal does not answer, and what to do */
export async function connectClient(environment = temporalEnvironment()): Promise<Temporal> {
  const { connectionOptions, address, namespace } = environment;
  const connection = await Connection.connect({ ...connectionOptions, connectTimeout: CONNECT_MS }).catch(
    (error: unknown) => {
      throw unreachable(environment, error);
    },
  );
  return { client: new Client({ connection, namespace }), connection, address, namespace };
}

/** @throws Error for a broken temporal.toml or an unreadable certificate, which are the operator's to correct; shows no secrets */
export function temporalEnvironment(): TemporalEnvironment {
  try {
    const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
    const { address = 'localhost:7233' } = connectionOptions;
    return { connectionOptions: { ...connectionOptions, address }, address, namespace };
  } catch (error) {
    const file = process.env.TEMPORAL_CONFIG_FILE ?? 'temporal.toml in your configuration folder';
    throw new Error(`cannot read Temporal's environment configuration (${file}): ${whatIsWrong(error)}`, {
      cause: error,
    });
  }
}

export function unreachable({ address, namespace }: Pick<Temporal, 'address' | 'namespace'>, cause: unknown): Error {
  return new Error(
    `cannot reach Temporal at ${address}, namespace ${namespace}: ${innermost(cause).message}. Start it (replicator stack up starts ` +
      'a local one) or correct TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS and TEMPORAL_API_KEY',
    { cause },
  );
}

/** The SDK reads `profile` of the file without looking whether it is there. Of what its parser says, only the first line shows no contents. */
function whatIsWrong(error: unknown): string {
  if (error instanceof TypeError)
    return 'found no profile; expected a table such as [profile.default], or no file at all';
  const inner = innermost(error);
  const [sentence = ''] = inner.message.split('\n');
  return 'line' in inner && typeof inner.line === 'number' ? `line ${inner.line}: ${sentence}` : sentence;
}
