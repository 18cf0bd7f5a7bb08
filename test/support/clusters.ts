import { afterAll } from 'vitest';
import { openRemotingCluster } from '../../src/transport/remoting/cluster.ts';
import type { Cluster } from '../../src/transport/types.ts';
import type { Side } from './moving-producer.ts';
import type { TestStack } from './servers.ts';

/** Both clusters of the stack, until the tests of the file or `describe` are over. Nothing is sent before the first call. */
export function useClusters(stack: TestStack): { readonly east: Cluster; readonly west: Cluster } {
  const open = (name: 'east' | 'west') => openRemotingCluster({ name, nameServers: stack[name].nameServers });
  const clusters = { east: open('east'), west: open('west') };
  afterAll(() => {
    clusters.east.close();
    clusters.west.close();
  });
  return clusters;
}

/** Both clusters as applications produce to them, as long as `useClusters`. */
export function useSides(
  stack: TestStack,
  clusters: ReturnType<typeof useClusters>,
): Readonly<Record<'east' | 'west', Side>> {
  const side = (name: 'east' | 'west'): Side => ({
    writer: clusters[name].openDestination(),
    broker: stack[name].brokerName,
  });
  const sides = { east: side('east'), west: side('west') };
  afterAll(() => {
    sides.east.writer.close();
    sides.west.writer.close();
  });
  return sides;
}
