import { TransportError } from '../../src/transport/errors.ts';
import {
  queueKey,
  type Batch,
  type BatchLimits,
  type Destination,
  type OffsetRange,
  type PullAnswer,
  type PullRequest,
  type Queue,
} from '../../src/transport/types.ts';
import { FakeReader } from './fake-reader.ts';
import { decodeBatch, storedRecord } from './records.ts';

/** What becomes of a send: stored and answered, stored or not and never answered. */
export type SendFate = 'answered' | 'stored' | 'lost';

/** Brokers in memory that store batches and give them back, and lose answers where a test says so. */
export class FakeDestination implements Pick<
  Destination,
  'pull' | 'range' | 'send' | 'batchLimits' | 'dispatched' | 'close'
> {
  maxBytes = Infinity;
  /** Decides the fate of each send. */
  fate: () => SendFate = () => 'answered';
  readonly #queues = new Map<string, FakeReader>();

  queue(queue: Queue): FakeReader {
    const known = this.#queues.get(queueKey(queue)) ?? new FakeReader();
    this.#queues.set(queueKey(queue), known);
    return known;
  }

  send(queue: Queue, batch: Batch): Promise<number> {
    const stored = this.queue(queue);
    const offset = stored.max;
    const fate = this.fate();
    if (fate !== 'lost')
      for (const message of decodeBatch(Buffer.concat(batch.parts)))
        stored.append(storedRecord({ ...message, ...batch, queueOffset: stored.max }));
    if (fate === 'answered') return Promise.resolve(offset);
    const failure = { address: 'fake', retryable: true, refusedForGood: false, answered: false };
    return Promise.reject(new TransportError('no answer', failure));
  }

  pull(queue: Queue, request: PullRequest, signal?: AbortSignal): Promise<PullAnswer> {
    return this.queue(queue).pull(queue, request, signal);
  }

  range(queue: Queue): Promise<OffsetRange> {
    return this.queue(queue).range();
  }

  batchLimits(): Promise<BatchLimits> {
    return Promise.resolve({ maxBytes: this.maxBytes, bytesPerMessage: 0 });
  }

  dispatched(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    // nothing is open
  }
}
