import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROCKETMQ_VERSION } from '../definitions.ts';
import { cacheFolder } from '../folders.ts';
import { StackError } from '../stack-error.ts';
import { installFolder } from './install.ts';
import { findOnPath, runTool } from './tools.ts';

/** 5.5.0 is the stack's own; 4.4.0, the oldest that is supported, is for compatibility tests. */
export type RocketmqVersion = '5.5.0' | '4.4.0';

const ARTIFACTS: Record<RocketmqVersion, readonly string[]> = {
  '5.5.0': ['namesrv', 'broker', 'proxy', 'tools'],
  '4.4.0': ['namesrv', 'broker', 'tools'],
};
const DOWNLOAD_MB: Record<RocketmqVersion, number> = { '5.5.0': 100, '4.4.0': 13 };

/** Fetches what is missing and gives the result. */
export type Fetch<T> = (progress: (line: string) => void) => Promise<T>;

/**
 * RocketMQ's jars: `ROCKETMQ_HOME/lib` if set, else the cache, else Maven.
 * @returns how to get their class path; nothing is fetched before it is called
 * @throws StackError when they are neither there nor can be fetched
 */
export async function rocketmqJars(
  version: RocketmqVersion = ROCKETMQ_VERSION,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Fetch<string>> {
  if (env.ROCKETMQ_HOME && version === ROCKETMQ_VERSION) return homeJars(env.ROCKETMQ_HOME);
  const folder = join(cacheFolder(env), `rocketmq-${version}`);
  const classPath = join(folder, '*');
  if (existsSync(folder)) return () => Promise.resolve(classPath);
  const maven = await findOnPath('mvn', env);
  if (maven === undefined)
    throw new StackError(
      `Maven (mvn) is missing, and RocketMQ ${version} is fetched with it: install Maven` +
        (version === ROCKETMQ_VERSION ? ', or set ROCKETMQ_HOME to an unpacked RocketMQ distribution' : ''),
    );
  return async (progress) => {
    progress(`fetching RocketMQ ${version} with Maven, about ${DOWNLOAD_MB[version]} MB`);
    await installFolder(folder, (unfinished) => copyJars(maven, version, unfinished));
    return classPath;
  };
}

function homeJars(home: string): Fetch<string> {
  const lib = join(home, 'lib');
  const jars = existsSync(lib) ? readdirSync(lib) : [];
  for (const server of ['namesrv', 'broker', 'proxy'])
    if (!jars.some((jar) => new RegExp(`^rocketmq-${server}-.*\\.jar$`).test(jar)))
      throw new StackError(
        `ROCKETMQ_HOME is ${home}, but ${lib} has no rocketmq-${server}-*.jar: set it to an unpacked RocketMQ 5 distribution, or unset it to have RocketMQ fetched with Maven`,
      );
  return () => Promise.resolve(join(lib, '*'));
}

async function copyJars(maven: string, version: RocketmqVersion, folder: string): Promise<void> {
  const pom = join(folder, 'pom.xml');
  await writeFile(pom, rocketmqPom(version));
  await runTool(
    maven,
    ['-B', '-q', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`, '-DincludeScope=runtime'],
    { timeoutMs: 1_200_000 },
  );
  if (!existsSync(join(folder, `rocketmq-broker-${version}.jar`)))
    throw new StackError(`Maven ended well but did not bring rocketmq-broker-${version}.jar`);
}

/** A project that depends on the servers and does nothing else. */
export function rocketmqPom(version: RocketmqVersion): string {
  const dependencies = ARTIFACTS[version].map(
    (server) => `    <dependency>
      <groupId>org.apache.rocketmq</groupId>
      <artifactId>rocketmq-${server}</artifactId>
      <version>${version}</version>
    </dependency>`,
  );
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>rocketmq-global-replicator</groupId>
  <artifactId>stack</artifactId>
  <version>1</version>
  <dependencies>
${dependencies.join('\n')}
  </dependencies>
</project>
`;
}
