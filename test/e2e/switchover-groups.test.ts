import { stackStatus } from '../../src/stack/stack.ts';
import { describe, expect, test } from 'vitest';
import type { FailoverResult } from '../../src/replication/failover/messages.ts';
import { useClusters, useSides } from '../support/clusters.ts';
import { eventually } from '../support/eventually.ts';
import { failoverCommand, failoverStatus, hasDone } from '../support/failover-command.ts';
import type { Consumed, JavaConsumerOptions } from '../support/java-consumers.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { MovingProducer } from '../support/moving-producer.ts';
import { sequences } from '../support/oracle/sequences.ts';
import { testSlot, useStack, type TestCluster } from '../support/servers.ts';
import { FULL } from '../support/sizes.ts';
import { useWorkerAndConsumers } from '../support/use-worker.ts';

/** Messages that each side produces at least. */
const MESSAGES = FULL ? 30_000 : 5_000;

/** In full size the client behind the proxy takes minutes for what is produced meanwhile. */
const LIMIT_MS = FULL ? 600_000 : 400_000;

const stack = useStack({ proxies: FULL });
const clusters = useClusters(stack);
const sides = useSides(stack, clusters);
const consumers = useWorkerAndConsumers(stack);

type Work = Omit<JavaConsumerOptions, 'name' | 'servers' | 'group' | 'topic'>;
/**
 * One that keeps up and wants the order, one that is dealt messages by the broker, one that is far behind and takes 6 s for what it has fetched;
 * in full size one that is dealt messages by a proxy, and one that fails: what it refuses waits 10 s for another try.
 */
const APPLICATIONS: Readonly<Record<string, Work>> = {
  orderly: { mode: 'orderly' },
  pop: { mode: 'pop', ...(FULL && { failEvery: 500 }) },
  late: { mode: 'push', threads: 2, cache: 150, delayMs: 20 },
  ...(FULL && { failing: { mode: 'push', failEvery: 100 }, grpc: { mode: 'grpc' } }),
};
const NAMES = Object.keys(APPLICATIONS);
const FAILING = NAMES.filter((name) => APPLICATIONS[name]!.failEvery !== undefined);

/** Applications, each with a group of its own, that consume a topic on one cluster and then on the other one. */
class Applications {
  readonly #topic: string;

  constructor(topic: string) {
    this.#topic = topic;
  }

  get groups(): string[] {
    return NAMES.map((name) => this.#group(name));
  }

  /** Those of applications that refuse messages. */
  get retryTopics(): string[] {
    return FAILING.map((name) => `%RETRY%${this.#group(name)}${name === 'pop' ? `_${this.#topic}` : ''}`);
  }

  async workOn(cluster: TestCluster, overrides: Partial<Work> = {}): Promise<void> {
    await Promise.all(
      NAMES.map((name) => {
        const work = { ...APPLICATIONS[name]!, ...overrides };
        const servers = work.mode === 'grpc' ? [proxyOf(cluster)] : cluster.nameServers;
        const [topic, group] = [this.#topic, this.#group(name)];
        return consumers().start({ ...work, servers, topic, group, name: this.#consumer(name, cluster) });
      }),
    );
  }

  async leave(cluster: TestCluster): Promise<void> {
    await Promise.all(NAMES.map((name) => consumers().stop(this.#consumer(name, cluster))));
  }

  /** What an application was given on a cluster. */
  ledger(name: string, cluster: TestCluster): readonly Consumed[] {
    return consumers().ledger(this.#consumer(name, cluster));
  }

  /** What it acknowledged, on the one cluster and then on the other. */
  acknowledged(name: string): Consumed[] {
    return [stack.east, stack.west].flatMap((cluster) => this.ledger(name, cluster).filter(isAcknowledged));
  }

  /** All that it was given of messages that it acknowledged more than once. */
  repeated(name: string): unknown[] {
    const seen = new Set<string>();
    const twice = new Set<string>();
    for (const { keys } of this.acknowledged(name)) (seen.has(keys) ? twice : seen).add(keys);
    return [stack.east, stack.west].flatMap((cluster) =>
      this.ledger(name, cluster)
        .filter(({ keys }) => twice.has(keys))
        .map((message) => ({ name, cluster: cluster.name, ...message })),
    );
  }

  #group(name: string): string {
    return `${this.#topic}-${name}`;
  }

  #consumer(name: string, { name: cluster }: TestCluster): string {
    return `${this.#group(name)}-${cluster}`;
  }
}

const isAcknowledged = ({ acknowledged }: Consumed) => acknowledged;

const failover = failoverCommand(stack);

const CASES = [
  ['one-way', 'external'],
  ['one-way', 'broker'],
] as const;

describe.each(FULL ? CASES : CASES.slice(0, 1))('a switchover of a %s task with fence: %s', (mode, fence) => {
  test(
    'R10: groups under production acknowledge every message once, in order who wants order, and what waits for a retry is retried at the destination',
    async () => {
      const live = await LiveReplication.create(stack);
      const applications = new Applications(live.topic);
      const began = Date.now();
      const producer = new MovingProducer(live.topic, live.queues.length, sides.east);
      const produced = () => producer.sent.reduce((sum, count) => sum + count, 0);
      try {
        for (const group of applications.groups) {
          await clusters.east.admin.createGroup(group);
          // a proxy begins at the end where a group has no offset
          for (const queue of live.queues) await clusters.east.admin.commit(group, queue, 0);
        }
        // push consumers bring their retry topics with them; those of pop consumers come with the first failure
        await applications.workOn(stack.east);
        await live.start({ mode, groups: applications.groups });
        await eventually(
          120_000,
          () => produced() > MESSAGES && NAMES.every((name) => applications.acknowledged(name).length > 0),
        );
        await eventually(90_000, async () => {
          const { topics } = await live.status();
          return applications.retryTopics.every((topic) => topics.includes(topic));
        });
        const rate = (produced() / (Date.now() - began)) * 1000;
        const behind = produced() - applications.acknowledged('late').length;
        expect(behind).toBeGreaterThan(MESSAGES / 2);

        const running = failover(live.name, '--fence', fence, '--by', 'kim', '--reason', 'moving day');
        const refused = async () => {
          throw new Error((await running).stdout);
        };
        if (fence === 'external') {
          await eventually(30_000, async () => (await failoverStatus(live)).waitingFor === 'producersStopped').catch(
            refused,
          );
          await producer.pause();
          expect(await failover(live.name, '--send', 'producersStopped')).toMatchObject({ code: 0 });
        }
        await eventually(60_000, () => hasDone(live, 'open')).catch(refused);
        producer.moveTo(sides.west);
        await eventually(90_000, () => hasDone(live, 'enable-groups'));
        await applications.leave(stack.east);
        await applications.workOn(stack.west, { threads: 20, cache: 1000, delayMs: 0, failEvery: 0 });

        const { code, stdout } = await running;
        const result = JSON.parse(stdout) as FailoverResult;
        expect({ code, outcome: result.outcome, problems: result.problems }).toEqual({
          ...{ code: 0, outcome: 'done', problems: [] },
        });
        expect(result.writePauseMs).toBeLessThan(5_000);
        const behindProxy = result.groups!.groups.find(({ group }) => group.endsWith('-grpc'));
        expect(behindProxy?.silent).toBe(FULL ? 1 : undefined);
        await eventually(60_000, () => produced() > 2 * MESSAGES);
        await producer.stop();
        const acknowledged = () =>
          NAMES.map((name) => {
            const keys = applications.acknowledged(name).map((message) => message.keys);
            return { name, messages: keys.length, different: new Set(keys).size };
          });
        const isComplete = () => acknowledged().every(({ different }) => different >= produced());
        await eventually(240_000, isComplete).catch(() => undefined);
        const all = producer.sent.map((count) => Array.from({ length: count }, (_, number) => number));
        for (const side of [stack.west, stack.east]) {
          await eventually(60_000, async () =>
            (await sequences(side, live)).every((queue, id) => queue.length >= all[id]!.length),
          );
          expect(await sequences(side, live)).toEqual(all);
        }
        expect(NAMES.flatMap((name) => applications.repeated(name))).toEqual([]);
        expect(acknowledged()).toEqual(NAMES.map((name) => ({ name, messages: produced(), different: produced() })));
        expect(orderOf(applications.acknowledged('orderly'))).toEqual(all);
        const retried = FAILING.map((name) => retriesAtDestination(applications, name));
        for (const { waited, again } of retried) {
          expect(waited.length).toBeGreaterThan(0);
          expect(again).toEqual(waited.map((keys) => ({ keys, attempt: 1 })));
        }
        console.log(
          `${Math.round(rate)} messages/s, write pause ${result.writePauseMs} ms, read pause ${result.readPauseMs} ms, ${behind} messages behind; ` +
            `of ${produced()} each, 0 lost, 0 acknowledged twice; retried at the destination: ` +
            FAILING.map((name, i) => `${name} ${retried[i]!.waited.length}`).join(', '),
        );
      } finally {
        await producer.stop().catch(() => undefined);
        await live.close();
      }
    },
    LIMIT_MS,
  );
});

function proxyOf({ name }: TestCluster): string {
  return stackStatus(testSlot()).clusters[name as 'east' | 'west'].grpc;
}

/** What an application had refused on the source and not acknowledged there, and what it was given of that at the destination. */
function retriesAtDestination(applications: Applications, name: string) {
  const before = applications.ledger(name, stack.east);
  const done = new Set(before.filter(isAcknowledged).map(({ keys }) => keys));
  const waited = new Set(before.filter(({ keys }) => !done.has(keys)).map(({ keys }) => keys));
  const again = applications.ledger(name, stack.west).filter(({ keys }) => waited.has(keys));
  return {
    waited: [...waited].sort(),
    again: again.map(({ keys, attempt }) => ({ keys, attempt })).sort((a, b) => (a.keys < b.keys ? -1 : 1)),
  };
}

/** Message numbers of each queue, in the order in which they were processed. */
function orderOf(ledger: readonly Consumed[]): number[][] {
  const queues: number[][] = [[], [], [], []];
  for (const { queue, keys } of ledger) queues[queue]!.push(Number(keys.split('-')[1]));
  return queues;
}
