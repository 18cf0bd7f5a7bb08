import type { WorkflowHandle } from '@temporalio/client';
import { workflowId } from '../replication/names.ts';
import type { Temporal } from '../temporal/client.ts';
import { innermost } from '../temporal/innermost.ts';
import { CommandFailed } from './failure.ts';

export { innermost, type Temporal };

/** Runs `work` with a connection that is closed afterwards. @throws Error with what is wrong with Temporal, in words */
export async function withTemporal<T>(work: (temporal: Temporal) => Promise<T>): Promise<T> {
  const { connectClient } = await import('../temporal/client.ts');
  const temporal = await connectClient();
  try {
    return await work(temporal);
  } catch (error) {
    throw translated(error, `Temporal at ${temporal.address}, namespace ${temporal.namespace}`);
  } finally {
    await temporal.connection.close();
  }
}

export function replicationHandle({ client }: Temporal, name: string): WorkflowHandle {
  return client.workflow.getHandle(workflowId(name));
}

const CANCELLED = 1;
const DEADLINE_EXCEEDED = 4;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const FAILED_PRECONDITION = 9;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

/** Temporal took the request, but nobody who works for the workflow answered it (the time-out shows as either of two codes). */
export function isNoWorker(error: unknown): boolean {
  const code = grpcCode(error);
  return code === DEADLINE_EXCEEDED || code === CANCELLED || code === FAILED_PRECONDITION;
}

/** Temporal takes no more requests for now, such as an eleventh update beside ten that are open. */
export function isBusy(error: unknown): boolean {
  return grpcCode(error) === RESOURCE_EXHAUSTED;
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

function grpcCode(error: unknown): number | undefined {
  for (let inner: unknown = error; inner instanceof Error; inner = inner.cause)
    if ('code' in inner && typeof inner.code === 'number') return inner.code;
  return undefined;
}
