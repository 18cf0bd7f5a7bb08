import type { Client, Connection, WorkflowHandle } from '@temporalio/client';
import { workflowId } from '../replication/names.ts';
import { CommandFailed } from './failure.ts';

/** A connection to Temporal, set up by the standard Temporal environment (TEMPORAL_ADDRESS, temporal.toml, ...). */
export interface Temporal {
  readonly client: Client;
  readonly connection: Connection;
  readonly address: string;
  readonly namespace: string;
}

const CONNECT_MS = 5_000;

/** Runs `work` with a connection that is closed afterwards. @throws CommandFailed with what is wrong with Temporal, in words */
export async function withTemporal<T>(work: (temporal: Temporal) => Promise<T>): Promise<T> {
  const { Client, Connection } = await import('@temporalio/client');
  const { loadClientConnectConfig } = await import('@temporalio/envconfig');
  const { connectionOptions, namespace = 'default' } = readEnvironment(loadClientConnectConfig);
  const { address = 'localhost:7233' } = connectionOptions;
  const place = `Temporal at ${address}, namespace ${namespace}`;
  const connection = await Connection.connect({ ...connectionOptions, address, connectTimeout: CONNECT_MS }).catch(
    (error: unknown) => {
      throw new CommandFailed(
        `cannot reach ${place}: ${innermost(error).message}. Start it (replicator stack up starts a local one) ` +
          'or correct TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS and TEMPORAL_API_KEY',
        { cause: error },
      );
    },
  );
  try {
    return await work({ client: new Client({ connection, namespace }), connection, address, namespace });
  } catch (error) {
    throw translated(error, place);
  } finally {
    await connection.close();
  }
}

/** A broken temporal.toml or an unreadable certificate is the operator's to correct. */
function readEnvironment<T>(load: () => T): T {
  try {
    return load();
  } catch (error) {
    throw new CommandFailed(`cannot read the Temporal environment configuration: ${innermost(error).message}`, {
      cause: error,
    });
  }
}

export function replicationHandle({ client }: Temporal, name: string): WorkflowHandle {
  return client.workflow.getHandle(workflowId(name));
}

const CANCELLED = 1;
const DEADLINE_EXCEEDED = 4;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const FAILED_PRECONDITION = 9;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

/** Temporal took the request, but nobody who works for the workflow answered it (the time-out shows as either of two codes). */
export function isNoWorker(error: unknown): boolean {
  const code = grpcCode(error);
  return code === DEADLINE_EXCEEDED || code === CANCELLED || code === FAILED_PRECONDITION;
}

/** Temporal knows no (running) workflow of this ID. */
export function isUnknownWorkflow(error: unknown): boolean {
  return error instanceof Error && error.name === 'WorkflowNotFoundError';
}

function translated(error: unknown, place: string): unknown {
  if (error instanceof CommandFailed) return error;
  const inner = innermost(error);
  switch (grpcCode(error)) {
    case CANCELLED:
    case DEADLINE_EXCEEDED:
      return new CommandFailed(`${place} did not answer in time: ${inner.message}`, { cause: error });
    case UNAVAILABLE:
      return new CommandFailed(`lost the connection to ${place}: ${inner.message}`, { cause: error });
    case NOT_FOUND:
      return new CommandFailed(`${place}: ${inner.message}; correct TEMPORAL_NAMESPACE`, { cause: error });
    case PERMISSION_DENIED:
    case UNAUTHENTICATED:
      return new CommandFailed(`${place} refuses us: ${inner.message}; correct TEMPORAL_API_KEY`, { cause: error });
    case undefined:
    default:
      return error;
  }
}

/** What a chain of failures began with: Temporal wraps the one that explains. */
export function innermost(error: unknown): Error {
  let inner = error instanceof Error ? error : new Error(String(error));
  while (inner.cause instanceof Error) inner = inner.cause;
  return inner;
}

function grpcCode(error: unknown): number | undefined {
  for (let inner: unknown = error; inner instanceof Error; inner = inner.cause)
    if ('code' in inner && typeof inner.code === 'number') return inner.code;
  return undefined;
}
