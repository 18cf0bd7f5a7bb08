import { expect, test } from 'vitest';
import { guarded } from '../../../../activities/failover/standing.ts';
import { putPerms } from '../../../../src/failover/topic-perms.ts';
import type { ClusterAdmin, TopicConfig } from '../../../../src/transport/types.ts';

/** As much of a cluster as permissions need. */
class OneTopic {
  #config: TopicConfig = { readQueues: 1, writeQueues: 1, perm: 6, order: false, attributes: {} };

  topicConfig(): Promise<TopicConfig> {
    return Promise.resolve(this.#config);
  }

  putTopic(_broker: string, _topic: string, config: TopicConfig): Promise<void> {
    this.#config = config;
    return Promise.resolve();
  }
}

test('an attempt that does not count any more reads, and changes nothing', async () => {
  const topic = new OneTopic();
  let counts = true;
  const admin = guarded(topic as unknown as ClusterAdmin, () =>
    counts ? Promise.resolve() : Promise.reject(new Error('another attempt has taken over')),
  );
  const place = { topic: 'orders', broker: 'east-a' };
  expect(await putPerms(admin, [{ ...place, perm: 4 }])).toHaveLength(1);
  counts = false;
  expect(await putPerms(admin, [{ ...place, perm: 4 }])).toHaveLength(0);
  await expect(putPerms(admin, [{ ...place, perm: 6 }])).rejects.toThrow('another attempt has taken over');
  expect(await topic.topicConfig()).toMatchObject({ perm: 4 });
});
