import { afterAll, beforeAll } from 'vitest';
import type { RocketmqVersion } from '../../src/stack/fetch/rocketmq.ts';
import { type TestCluster, startBroker, useStack } from './servers.ts';

/** The oldest and the youngest broker that are supported. */
export const BROKER_VERSIONS: readonly RocketmqVersion[] = ['5.5.0', '4.4.0'];

/** Longer than a first download of the servers takes. */
const START_TIMEOUT_MS = 600_000;

/** A cluster of this version for the tests of a `describe`; answers within tests and hooks. */
export function useCluster(version: RocketmqVersion): () => TestCluster {
  if (version === '5.5.0') {
    const stack = useStack();
    return () => stack.east;
  }
  let cluster: Awaited<ReturnType<typeof startBroker>> | undefined;
  beforeAll(async () => {
    cluster = await startBroker({ name: 'old', version });
  }, START_TIMEOUT_MS);
  afterAll(() => cluster?.remove());
  return () => cluster!;
}
