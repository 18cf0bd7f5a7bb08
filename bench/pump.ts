import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { flowGroup } from '../src/replication/names.ts';
import { queueKey, type Queue } from '../src/transport/types.ts';
import type { Brokers } from './brokers.ts';
import type { PumpAnswer, PumpJob, PumpMeasured } from './pump-messages.ts';

const FLOW = { replication: 'bench', source: 'east', destination: 'west' };

/** Once, before the first pump. @throws TransportError */
export async function createFlowGroup({ east, west }: Brokers): Promise<void> {
  for (const { cluster } of [east, west]) await cluster.admin.createGroup(flowGroup(FLOW));
}

/** The pump, in a process of its own. */
export class PumpProcess {
  readonly #child: ChildProcess = fork(fileURLToPath(new URL('pump-process.js', import.meta.url)));
  readonly #ended: Promise<never>;

  constructor() {
    this.#ended = once(this.#child, 'exit').then(([code, signal]: unknown[]) => {
      throw new Error(`the pump's process ended (${String(signal ?? code)})`);
    });
    this.#ended.catch(() => undefined);
  }

  /** Copies the queues, which hold so many messages, to queues of the same topic on the other side. */
  async copy({ east, west }: Brokers, queues: readonly Queue[], messages: number): Promise<PumpMeasured> {
    const { topic } = queues[0]!;
    const job: PumpJob = {
      input: {
        ...FLOW,
        epoch: 1,
        revision: 0,
        shard: 0,
        queues: [
          {
            topic,
            from: { broker: east.broker, queue: 0 },
            to: { broker: west.broker, queue: 0 },
            count: queues.length,
          },
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
      messages,
    };
    const answered = once(this.#child, 'message') as Promise<[PumpAnswer]>;
    this.#child.send(job);
    const [answer] = await Promise.race([answered, this.#ended]);
    if ('error' in answer) throw new Error(answer.error);
    return answer;
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}
