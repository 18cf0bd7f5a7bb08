import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/config/config-error.ts';
import { configPath, loadConfig, parseConfig } from '../../../src/config/load.ts';
import { GOOD_ENVIRONMENT, GOOD_FILE, problemsOf } from './samples.ts';

describe('a good file', () => {
  const config = parseConfig(GOOD_FILE, 'replicator.yaml', GOOD_ENVIRONMENT);

  it('gives the clusters with references replaced and defaults filled in', () => {
    expect([...config.clusters.keys()]).toEqual(['east', 'west']);
    expect(config.clusters.get('east')).toEqual({
      name: 'east',
      kind: 'apache',
      region: 'cn-hangzhou',
      nameServers: ['127.0.0.1:19876'],
      auth: { accessKey: 'access', secretKey: 's3cret-value' },
      tls: true,
    });
    expect(config.clusters.get('west')).toMatchObject({ nameServers: ['10.0.0.1:9876', '[::1]:9876'], tls: false });
  });

  it('gives each replication as the input of its workflow', () => {
    expect(config.replications.get('orders')).toEqual({
      source: 'east',
      destination: 'west',
      mode: 'one-way',
      topics: ['orders', '%RETRY%billing'],
      exclude: [],
      groups: [],
      resetOnline: [],
      start: { group: 'billing' },
      tags: [{ key: 'region', value: 'east' }],
      onGap: 'block',
      onPoison: 'block',
      rateLimit: { bytesPerSecond: 52_428_800 },
      parallelism: 2,
    });
  });

  it('gives the worker its settings', () => {
    expect(config.worker).toEqual({ role: 'all', pumpSlots: 4 });
  });

  it('reads the same input a second time', () => {
    const again = JSON.stringify({
      clusters: { east: { kind: 'apache', nameServers: ['a:1'] }, west: { kind: 'apache', nameServers: ['b:1'] } },
      replications: Object.fromEntries(config.replications),
    });
    expect(parseConfig(again, 'x', {}).replications).toEqual(config.replications);
  });
});

describe('references to the environment', () => {
  const cluster = (secretKey: string) =>
    `clusters:\n  east: { kind: apache, nameServers: [a:1], auth: { accessKey: k, secretKey: ${secretKey} } }\n`;
  const secret = (written: string, environment: Record<string, string>) =>
    parseConfig(cluster(written), 'f', environment).clusters.get('east')?.auth?.secretKey;

  it.each([
    ['${KEY}', 'value'],
    ['"${KEY}"', 'value'],
    ['a-${KEY}-${KEY}-b', 'a-value-value-b'],
    ['$${KEY}', '${KEY}'],
    ['$KEY', '$KEY'],
  ])('%s is %s', (written, expected) => {
    expect(secret(written, { KEY: 'value' })).toBe(expected);
  });

  it('are not looked for in what a variable holds', () => {
    expect(secret('${KEY}', { KEY: '${OTHER} $${X}', OTHER: 'no' })).toBe('${OTHER} $${X}');
  });

  it('that are not set are one problem, which names the variable', () => {
    expect(problemsOf(cluster('${NOT_SET}'))).toEqual([
      {
        file: 'replicator.yaml',
        line: 2,
        path: 'clusters.east.auth.secretKey',
        message: 'found ${NOT_SET}; expected the environment variable NOT_SET to be set',
      },
    ]);
  });

  it('never show in an error what they stand for', () => {
    const text = 'clusters:\n  east: { kind: "${KEY}", nameServers: ["${KEY}"], auth: "${KEY}", region: ["${KEY}"] }\n';
    const messages = problemsOf(text, { KEY: 's3cret' }).map(({ message }) => message);
    expect(messages).toHaveLength(4);
    expect(messages.join('\n')).not.toContain('s3cret');
    expect(messages.join('\n')).toContain('${KEY}');
  });
});

describe('secrets', () => {
  it('that stand in the file do not show in errors either', () => {
    const text =
      'clusters:\n  east: { kind: apache, nameServers: [a:1], auth: { accessKey: 12345, secretKey: 67890 } }\n';
    const messages = problemsOf(text).map(({ message }) => message);
    expect(messages).toHaveLength(2);
    expect(messages.join('\n')).not.toMatch(/12345|67890/);
  });
});

describe('the file', () => {
  it('is the one named, else that of REPLICATOR_CONFIG, else ./replicator.yaml', () => {
    expect(configPath('a.yaml', { REPLICATOR_CONFIG: 'b.yaml' })).toBe('a.yaml');
    expect(configPath(undefined, { REPLICATOR_CONFIG: 'b.yaml' })).toBe('b.yaml');
    expect(configPath(undefined, {})).toBe('./replicator.yaml');
  });

  it('that is not there, or a folder, is a ConfigError that says so', async () => {
    await expect(loadConfig('/no/such/file.yaml')).rejects.toThrow(/^\/no\/such\/file.yaml: .*no such file/);
    await expect(loadConfig(tmpdir())).rejects.toThrow(ConfigError);
  });

  it('is read from disk', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'replicator-config-'));
    const file = join(folder, 'replicator.yaml');
    await writeFile(file, GOOD_FILE);
    const config = await loadConfig(file, GOOD_ENVIRONMENT);
    expect([config.path, config.clusters.size]).toEqual([file, 2]);
    await rm(folder, { recursive: true });
  });
});
