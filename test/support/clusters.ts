import { afterAll } from 'vitest';
import { openRemotingCluster } from '../../src/transport/remoting/cluster.ts';
import type { Cluster } from '../../src/transport/types.ts';
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
