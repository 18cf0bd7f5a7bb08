import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findJava } from '../../../../src/stack/fetch/java.ts';
import { installFolder } from '../../../../src/stack/fetch/install.ts';
import { rocketmqJars, rocketmqPom } from '../../../../src/stack/fetch/rocketmq.ts';
import { temporalCli } from '../../../../src/stack/fetch/temporal-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'replicator-fetch-'));
/** An environment in which nothing is installed and nothing cached. */
const BARE = { PATH: join(folder, 'nowhere'), REPLICATOR_CACHE: join(folder, 'cache') };
const silent = () => undefined;

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('without Java: what to install, which variable would do, and that Docker would', async () => {
  await expect(findJava(BARE)).rejects.toThrow(/install a JDK of version 11 or later.*JAVA_HOME.*docker compose up/);
});

test('JAVA_HOME without Java in it is an error, not ignored', async () => {
  await expect(findJava({ ...BARE, JAVA_HOME: folder })).rejects.toThrow(/bin\/java -version` failed.*ENOENT/);
});

test.each([
  ['openjdk version "1.8.0_392"', 0],
  ['openjdk version "17.0.15" 2025-04-15', 7],
  ['java version "25" 2025-09-16', 7],
])('%s gets %i module flags', async (version, flags) => {
  executable('java-home/bin/java', `echo '${version}' >&2`);
  expect((await findJava({ ...BARE, JAVA_HOME: join(folder, 'java-home') })).moduleFlags).toHaveLength(flags);
});

test('without Maven: what to install, and which variable would do', async () => {
  await expect(rocketmqJars('5.5.0', BARE)).rejects.toThrow(/install Maven, or set ROCKETMQ_HOME/);
  await expect(rocketmqJars('4.4.0', BARE)).rejects.toThrow(/install Maven$/);
});

test('ROCKETMQ_HOME goes first; one without the servers is an error', async () => {
  const home = join(folder, 'rocketmq');
  mkdirSync(join(home, 'lib'), { recursive: true });
  await expect(rocketmqJars('5.5.0', { ...BARE, ROCKETMQ_HOME: home })).rejects.toThrow(
    'has no rocketmq-namesrv-*.jar',
  );
  for (const server of ['namesrv', 'broker', 'proxy'])
    writeFileSync(join(home, 'lib', `rocketmq-${server}-5.5.0.jar`), '');
  const fetch = await rocketmqJars('5.5.0', { ...BARE, ROCKETMQ_HOME: home });
  expect(await fetch(silent)).toBe(join(home, 'lib', '*'));
});

test('a Maven that fails leaves nothing in the cache, and says why', async () => {
  executable('bin/mvn', 'echo "could not resolve dependencies"; exit 1');
  const env = { PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, REPLICATOR_CACHE: join(folder, 'maven-cache') };
  const fetch = await rocketmqJars('4.4.0', env);
  await expect(fetch(silent)).rejects.toThrow('could not resolve dependencies');
  expect(readdirSync(env.REPLICATOR_CACHE)).toEqual([]);
});

test('the project for Maven names each server with its version', () => {
  const pom = rocketmqPom('4.4.0');
  expect(pom.match(/<artifactId>rocketmq-\w+</g)).toEqual([
    '<artifactId>rocketmq-namesrv<',
    '<artifactId>rocketmq-broker<',
    '<artifactId>rocketmq-tools<',
  ]);
  expect(pom.match(/<version>4\.4\.0</g)).toHaveLength(3);
});

test('TEMPORAL_CLI goes first; one that cannot be run is an error', async () => {
  const cli = executable('mine/temporal', 'true');
  const fetch = await temporalCli({ ...BARE, TEMPORAL_CLI: cli });
  expect(await fetch(silent)).toBe(cli);
  await expect(temporalCli({ ...BARE, TEMPORAL_CLI: join(folder, 'none') })).rejects.toThrow('not an executable file');
});

test('temporal on PATH goes before the cache', async () => {
  const cached = executable('cache/temporal-cli-1.5.1/temporal', 'true');
  expect(await (await temporalCli(BARE))(silent)).toBe(cached);
  const onPath = executable('path/temporal', 'true');
  expect(await (await temporalCli({ ...BARE, PATH: join(folder, 'path') }))(silent)).toBe(onPath);
});

test('a folder is installed whole or not at all, and two at once both succeed', async () => {
  const target = join(folder, 'install', 'thing');
  const fill = (unfinished: string) => {
    writeFileSync(join(unfinished, 'file'), 'whole');
    return Promise.resolve();
  };
  await expect(installFolder(target, () => Promise.reject(new Error('cut off')))).rejects.toThrow('cut off');
  expect(readdirSync(join(folder, 'install'))).toEqual([]);
  await Promise.all([installFolder(target, fill), installFolder(target, fill)]);
  expect(readdirSync(join(folder, 'install'))).toEqual(['thing']);
  expect(readdirSync(target)).toEqual(['file']);
});

function executable(path: string, script: string): string {
  const file = join(folder, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}
