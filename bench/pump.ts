import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { flowGroup } from '../src/replication/names.ts';
import { queueKey, type Queue } from '../src/transport/types.ts';
import type { Brokers, Side } from './brokers.ts';
import type { Flow, IdleMeasured, Job, JobAnswer, PumpMeasured } from './pump-messages.ts';

const FLOW = { replication: 'bench', source: 'east', destination: 'west' };

/** Once, before the first pump. @throws TransportError */
export async function createFlowGroup({ east, west }: Brokers): Promise<void> {
  for (const { cluster } of [east, west]) await cluster.admin.createGroup(flowGroup(FLOW));
}

/** The pump, or a raw consumer, in a process of its own. */
export class PumpProcess {
  readonly #child: ChildProcess = fork(fileURLToPath(new URL('pump-process.js', import.meta.url)));
  readonly #ended: Promise<never>;

  constructor() {
    this.#ended = once(this.#child, 'exit').then(([code, signal]: unknown[]) => {
      throw new Error(`the pump's process ended (${String(signal ?? code)})`);
    });
    this.#ended.catch(() => undefined);
  }

  /** Copies the queues, which hold so many messages or will, to queues of the same topic on the other side. */
  async copy(brokers: Brokers, queues: readonly Queue[], messages: number): Promise<PumpMeasured> {
    return (await this.#do({ kind: 'copy', ...flow(brokers, queues), messages })) as PumpMeasured;
  }

  /** The same with queues into which nobody writes. */
  async idle(brokers: Brokers, queues: readonly Queue[], forMs: number): Promise<IdleMeasured> {
    return (await this.#do({ kind: 'idle', ...flow(brokers, queues), forMs })) as IdleMeasured;
  }

  /** Only reads; when each message came, by queue. ms since 1970 */
  async consume({ nameServers }: Side, queues: readonly Queue[], messages: number): Promise<number[][]> {
    return (await this.#do({ kind: 'consume', nameServers, queues, messages })) as number[][];
  }

  async #do(job: Job) {
    const answered = once(this.#child, 'message') as Promise<[JobAnswer]>;
    this.#child.send(job);
    const [answer] = await Promise.race([answered, this.#ended]);
    if ('error' in answer) throw new Error(answer.error);
    return answer.result;
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}

function flow({ east, west }: Brokers, queues: readonly Queue[]): Flow {
  const { topic } = queues[0]!;
  return {
    input: {
      ...FLOW,
      epoch: 1,
      revision: 0,
      shard: 0,
      queues: [
        { topic, from: { broker: east.broker, queue: 0 }, to: { broker: west.broker, queue: 0 }, count: queues.length },
      ],
      starts: Object.fromEntries(queues.map((queue) => [queueKey(queue), 0])),
      skips: {},
      histories: {},
      tags: [{ key: 'region', value: 'east' }],
      onGap: 'block',
      onPoison: 'block',
      rateLimit: {},
    },
    sourceNameServers: east.nameServers,
    destinationNameServers: west.nameServers,
  };
}
