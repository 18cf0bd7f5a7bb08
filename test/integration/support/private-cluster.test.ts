import { existsSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openRemotingCluster } from '../../../src/transport/remoting/cluster.ts';
import { temporaryFolder } from '../../../src/stack/server.ts';
import { startBroker } from '../../support/servers.ts';

test.each([
  ['4.4.0', 'V4_4_0'],
  ['5.5.0', 'V5_5_0'],
] as const)('a cluster of %s with settings of its own, gone afterwards', async (version, reported) => {
  const name = `own-${version.replaceAll('.', '-')}`;
  const own = await startBroker({ name, version, brokerSettings: { maxMessageSize: 65_536 } });
  const cluster = openRemotingCluster({ name, nameServers: own.nameServers });
  try {
    expect(await cluster.admin.brokerVersion(own.brokerName)).toBe(reported);
    expect((await cluster.admin.brokerConfig(own.brokerName)).get('maxMessageSize')).toBe('65536');
    // RocksDB's library; 4.4.0 unpacks nothing.
    const unpacked = readdirSync(temporaryFolder(own.broker.folder)).filter((file) => file.includes('rocksdb'));
    expect(unpacked).toHaveLength(version === '5.5.0' ? 1 : 0);
  } finally {
    cluster.close();
    await own.remove();
  }
  expect(own.broker.pid).toBeUndefined();
  expect(existsSync(own.broker.folder)).toBe(false);
});
