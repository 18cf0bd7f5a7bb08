import { expect, it } from 'vitest';
import { verdict } from '../../../../src/cli/doctor/topics.ts';
import { planTopic } from '../../../../src/pump/prepare/topic-plan.ts';
import type { Topic } from '../../../../src/transport/types.ts';

type Shape = [broker: string, readQueues: number, writeQueues: number, perm?: number];

function topic(...shapes: Shape[]): Topic {
  return {
    name: 'orders',
    brokers: shapes.map(([broker, readQueues, writeQueues, perm = 6]) => ({ broker, readQueues, writeQueues, perm })),
  };
}

it.each<[string, Topic, Topic | undefined, string, string, boolean]>([
  ['missing', topic(['a', 4, 4]), undefined, 'OK', '4 queues; will be created on cluster west at start', true],
  [
    'equal',
    topic(['a', 4, 4], ['b', 4, 4]),
    topic(['x', 4, 4], ['y', 4, 4]),
    'OK',
    '8 queues on 2 brokers on both',
    false,
  ],
  ['narrow', topic(['a', 4, 4]), topic(['x', 2, 2]), 'WARN', 'only 2 queues on cluster west; it will be widened', true],
  ['wide', topic(['a', 4, 4]), topic(['x', 8, 8]), 'WARN', '4 writable ones on the source and 8 on west', false],
  ['read only queues', topic(['a', 6, 4]), undefined, 'OK', '6 queues, 2 of them can only be read; will be', true],
  ['closed on one broker', topic(['a', 4, 4]), topic(['x', 2, 2], ['y', 2, 2, 4]), 'WARN', 'and 2 on west', false],
])('a destination topic that is %s', (_, from, to, result, text, isCreated) => {
  const plan = planTopic(from, to, ['x', 'y'], []);
  expect(verdict('replication r', from, to, plan, 'west')).toMatchObject({
    finding: { result, about: 'replication r', text: expect.stringContaining(text) as string },
    isCreated,
  });
});
