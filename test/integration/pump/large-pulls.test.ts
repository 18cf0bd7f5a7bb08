import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRemotingCluster } from '../../../src/transport/remoting/cluster.ts';
import type { Cluster } from '../../../src/transport/types.ts';
import { useClusters } from '../../support/clusters.ts';
import { mixedMessages } from '../../support/messages.ts';
import { compareLogs, readLog } from '../../support/oracle/compare.ts';
import { produce } from '../../support/producer.ts';
import { PumpRig } from '../../support/pump-rig.ts';
import { startBroker, useStack } from '../../support/servers.ts';
import { FULL } from '../../support/sizes.ts';

const COUNT = FULL ? 200_000 : 20_000;
const COPIED_MS = 60_000;
/** As docs/operations.md advises. */
const brokerSettings = { maxTransferCountOnMessageInMemory: 1024, maxTransferBytesOnMessageInMemory: 1024 * 1024 };

const stack = useStack();
const clusters = useClusters(stack);

/** Notes how many messages each answer holds. */
function watched(cluster: Cluster, given: number[]): Cluster {
  const openSource = (): ReturnType<Cluster['openSource']> => {
    const source = cluster.openSource();
    const pull = source.pull.bind(source);
    source.pull = async (queue, request, signal) => {
      const answer = await pull(queue, request, signal);
      given.push(answer.nextOffset - request.offset);
      return answer;
    };
    return source;
  };
  return {
    name: cluster.name,
    admin: cluster.admin,
    openSource,
    openDestination: () => cluster.openDestination(),
    close: () => undefined,
  };
}

test.each(FULL ? (['4.4.0', '5.5.0'] as const) : (['4.4.0'] as const))(
  'R1: from a source of %s that gives up to 1,024 messages at once hundreds are read, and copied exactly',
  async (version) => {
    const name = `large-pulls-${version.replaceAll('.', '-')}`;
    const own = await startBroker({ name, version, brokerSettings });
    const source = openRemotingCluster({ name, nameServers: own.nameServers });
    const writer = source.openDestination();
    const given: number[] = [];
    try {
      const rig = new PumpRig({
        source: watched(source, given),
        destination: clusters.west,
        topic: `${name}-${Date.now()}`,
        fromBroker: own.brokerName,
        toBroker: stack.west.brokerName,
        queues: 1,
      });
      await rig.prepare();
      const messages = mixedMessages({ count: COUNT, seed: 17, meanBytes: 600, large: 20, largestBytes: 1024 * 1024 });
      await produce({ writer, queues: rig.queues, messages });
      rig.start();
      await rig.reaches(COUNT, COPIED_MS);
      await rig.stop();
      const [from, to] = await Promise.all(
        [own, stack.west].map(({ broker }) => readLog(join(broker.folder, 'store'), rig.queues[0]!.topic)),
      );
      const exact = { source: COUNT, copied: COUNT, lost: 0, repeated: 0, outOfOrder: 0, changed: 0 };
      expect(compareLogs(from!, to!)).toEqual(exact);
      expect(Math.max(...given)).toBeGreaterThan(200);
    } finally {
      writer.close();
      source.close();
      await own.remove();
    }
  },
  120_000,
);
