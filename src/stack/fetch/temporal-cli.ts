import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TEMPORAL_CLI_VERSION } from '../definitions.ts';
import { cacheFolder } from '../folders.ts';
import { StackError } from '../stack-error.ts';
import { installFolder } from './install.ts';
import type { Fetch } from './rocketmq.ts';
import { findOnPath, isExecutable, runTool } from './tools.ts';

const DOWNLOADS = 'https://temporal.download/cli/archive';
const DOWNLOAD_TIMEOUT_MS = 20_000;
const GO_PACKAGE = `github.com/temporalio/cli/cmd/temporal@v${TEMPORAL_CLI_VERSION}`;

/**
 * The Temporal CLI: `TEMPORAL_CLI` if set, `temporal` on PATH, the cache, Temporal's own download within 20 s, `go install`.
 * @returns how to get its path; nothing is fetched before it is called
 * @throws StackError when `TEMPORAL_CLI` names something that cannot be run
 */
export async function temporalCli(env: NodeJS.ProcessEnv = process.env): Promise<Fetch<string>> {
  const given = env.TEMPORAL_CLI;
  if (given) {
    if (await isExecutable(given)) return () => Promise.resolve(given);
    throw new StackError(`TEMPORAL_CLI is ${given}, which is not an executable file`);
  }
  const folder = join(cacheFolder(env), `temporal-cli-${TEMPORAL_CLI_VERSION}`);
  const cached = join(folder, 'temporal');
  for (const path of [await findOnPath('temporal', env), cached])
    if (path !== undefined && (await isExecutable(path))) return () => Promise.resolve(path);
  return async (progress) => {
    await installFolder(folder, async (unfinished) => {
      if (!(await downloaded(unfinished, progress))) await buildWithGo(unfinished, progress, env);
    });
    return cached;
  };
}

async function downloaded(folder: string, progress: (line: string) => void): Promise<boolean> {
  progress(`downloading Temporal CLI ${TEMPORAL_CLI_VERSION}`);
  try {
    await downloadTemporalCli(DOWNLOADS, folder, DOWNLOAD_TIMEOUT_MS);
    return true;
  } catch (error) {
    const { message, cause } = error as Error;
    progress(`that did not work (${cause instanceof Error ? cause.message : message})`);
    return false;
  }
}

/** Downloads and unpacks the release archive, which holds one executable, `temporal`. */
export async function downloadTemporalCli(from: string, folder: string, timeoutMs: number): Promise<void> {
  const platform = `platform=${process.platform}&arch=${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const archive = join(folder, 'temporal.tar.gz');
  const signal = AbortSignal.timeout(timeoutMs);
  const answer = await fetch(`${from}/v${TEMPORAL_CLI_VERSION}?${platform}`, { signal });
  if (!answer.ok || !answer.body) throw new Error(`${from} answered ${answer.status}`);
  await pipeline(Readable.fromWeb(answer.body), createWriteStream(archive), { signal });
  await runTool('tar', ['-xzf', archive, '-C', folder, 'temporal'], { timeoutMs: 60_000 });
  await rm(archive);
  await runTool(join(folder, 'temporal'), ['--version'], { timeoutMs: 60_000 });
}

async function buildWithGo(folder: string, progress: (line: string) => void, env: NodeJS.ProcessEnv): Promise<void> {
  const go = await findOnPath('go', env);
  if (go === undefined)
    throw new StackError(
      'the Temporal CLI is missing, could not be downloaded, and Go is not there to build it: install the Temporal CLI ' +
        '(https://docs.temporal.io/cli), or set TEMPORAL_CLI to its path, or install Go',
    );
  progress(`building Temporal CLI ${TEMPORAL_CLI_VERSION} with Go, which takes some minutes the first time`);
  await runTool(go, ['install', GO_PACKAGE], { env: { GOBIN: folder }, timeoutMs: 1_800_000 });
}
