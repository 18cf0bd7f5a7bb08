import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { FailoverResult } from '../../src/replication/failover/messages.ts';
import { eventually } from '../support/eventually.ts';
import { failoverCommand } from '../support/failover-command.ts';
import { LateMessages } from '../support/late-messages.ts';
import { LiveReplication } from '../support/live-replication.ts';
import type { TestMessage } from '../support/messages.ts';
import { readCommitLog } from '../support/oracle/commit-log.ts';
import { useStack, type TestCluster } from '../support/servers.ts';
import { FULL } from '../support/sizes.ts';
import { useWorker } from '../support/use-worker.ts';

const LATE = 20;
/** 30 s, which is after the cut. */
const DELAY_LEVEL = 4;
/** How long a producer goes on that ignores the fence. */
const IGNORANT_MS = 30_000;
const MESSAGES_PER_SECOND = 100;

const stack = useStack();
useWorker(stack);
const failover = failoverCommand(stack);

function* numbered(): Generator<TestMessage> {
  for (let seq = 0; ; seq++)
    yield { flag: 0, sysFlag: 0, body: Buffer.from(`message ${seq}`), properties: [['KEYS', `ignorant-${seq}`]] };
}

/** Of each queue, in the order of the broker's log. */
async function keys({ broker }: TestCluster, topic: string): Promise<string[]> {
  const found: string[] = [];
  await readCommitLog(join(broker.folder, 'store'), topic, ({ properties }) => {
    found.push(new Map(properties).get('KEYS')!);
  });
  return found;
}

test.runIf(FULL)(
  'what comes behind the cut arrives, once: delayed messages that fire, transactions that commit, a producer that ignores the fence',
  async () => {
    const live = await LiveReplication.create(stack);
    const stop = new AbortController();
    let late: LateMessages | undefined;
    try {
      await live.start();
      await eventually(30_000, async () => (await live.status()).state === 'RUNNING');
      late = await LateMessages.store({
        nameServers: stack.east.nameServers,
        topic: live.topic,
        count: LATE,
        delayLevel: DELAY_LEVEL,
      });
      const ignorant = live.produceOn(numbered(), MESSAGES_PER_SECOND, stop.signal);
      const running = failover(live.name, '--fence', 'external');
      // somebody is wrong
      await eventually(30_000, async () => (await failover(live.name, '--send', 'producersStopped')).code === 0);
      const { code, stdout } = await running;
      const result = JSON.parse(stdout) as FailoverResult;
      expect({ code, problems: result.problems }).toEqual({ code: 0, problems: [] });
      const before = await keys(stack.west, live.topic);
      expect(before.filter((key) => !key.startsWith('ignorant'))).toEqual([]);
      await late.commit();
      await sleep(IGNORANT_MS);
      stop.abort();
      const sent = await ignorant;
      expect(sent).toBeGreaterThan(before.length);
      const names = ['delayed', 'transaction'].flatMap((kind) =>
        Array.from({ length: LATE }, (_, i) => `${kind}-${i}`),
      );
      const all = [...names, ...Array.from({ length: sent }, (_, seq) => `ignorant-${seq}`)].sort();
      await eventually(90_000, async () => (await keys(stack.west, live.topic)).length >= all.length);
      expect((await keys(stack.west, live.topic)).sort()).toEqual(all);
      // and nothing comes back
      expect((await keys(stack.east, live.topic)).sort()).toEqual(all);
    } finally {
      stop.abort();
      await late?.close();
      await live.close();
    }
  },
  300_000,
);
