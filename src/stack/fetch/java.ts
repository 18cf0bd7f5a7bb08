import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { StackError } from '../stack-error.ts';
import { findOnPath } from './tools.ts';

const run = promisify(execFile);

export interface Java {
  readonly command: string;
  /** What RocketMQ's servers reach into that the module system hides, from Java 9 on. */
  readonly moduleFlags: readonly string[];
}

const MODULE_FLAGS = [
  ...['jdk.internal.ref', 'sun.nio.ch'].map((name) => `--add-exports=java.base/${name}=ALL-UNNAMED`),
  ...['java.nio', 'jdk.internal.ref', 'sun.nio.ch', 'java.util', 'java.lang'].map(
    (name) => `--add-opens=java.base/${name}=ALL-UNNAMED`,
  ),
];

/** `JAVA_HOME` if set, else `java` on PATH. @throws StackError saying what to install */
export async function findJava(env: NodeJS.ProcessEnv = process.env): Promise<Java> {
  const command = env.JAVA_HOME ? join(env.JAVA_HOME, 'bin', 'java') : await findOnPath('java', env);
  if (command === undefined)
    throw new StackError(
      'Java is missing, and RocketMQ runs on it: install a JDK of version 11 or later (or set JAVA_HOME to one); ' +
        'with Docker instead of Java, `docker compose up` brings up the same servers',
    );
  return { command, moduleFlags: (await majorVersion(command)) >= 9 ? MODULE_FLAGS : [] };
}

/** `java -version` says `version "17.0.1"`, or `version "1.8.0_392"` up to Java 8. */
async function majorVersion(command: string): Promise<number> {
  let output: string;
  try {
    output = (await run(command, ['-version'], { timeout: 20_000 })).stderr;
  } catch (error) {
    throw new StackError(
      `\`${command} -version\` failed: ${(error as Error).message.trim()}; install a JDK of version 11 or later, or set JAVA_HOME to one`,
    );
  }
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(output) ?? [];
  return first === '1' ? Number(second) : Number(first ?? 0);
}
