import { isDeepStrictEqual } from 'node:util';
import type { LoadedConfig } from '../config/types.ts';
import { replicationInput, type ReplicationInput } from '../replication/input.ts';
import { readRunStart } from '../temporal/running-replications.ts';
import { describeExecution, listExecutions } from './executions.ts';
import type { ChangeOptions } from './options.ts';
import { startReplication } from './start-replication.ts';
import { innermost, type Temporal } from './temporal.ts';

export interface Applied {
  readonly name: string;
  /** `changed`: it runs with other settings than the file's. `unnamed`: it runs, and the file does not name it. */
  readonly result: 'started' | 'unchanged' | 'changed' | 'unnamed' | 'failed';
  /** What happened, as a sentence. */
  readonly text: string;
  /** Fields that differ, for `changed`. */
  readonly fields?: readonly string[];
}

/** Starts what the file names and does not run. Nothing that runs is changed or stopped. One failure does not keep the others. */
export async function applyConfig(
  temporal: Temporal,
  config: LoadedConfig,
  options: Pick<ChangeOptions, 'by' | 'reason'>,
): Promise<Applied[]> {
  const applied: Applied[] = [];
  for (const [name, input] of config.replications) applied.push(await applyOne(temporal, name, input, options));
  for (const { name, status } of (await listExecutions(temporal)).values())
    if (status === 'RUNNING' && !config.replications.has(name))
      applied.push({
        name,
        result: 'unnamed',
        text: `${name}: runs, and ${config.path} does not name it; left as it is`,
      });
  return applied;
}

async function applyOne(
  temporal: Temporal,
  name: string,
  input: ReplicationInput,
  options: Pick<ChangeOptions, 'by' | 'reason'>,
): Promise<Applied> {
  try {
    const execution = await describeExecution(temporal, name);
    if (execution?.status === 'RUNNING')
      return compared(name, input, (await readRunStart(temporal.client, name))?.input);
    const { state, note } = await startReplication(temporal, name, input, options);
    return { name, result: 'started', text: `${name}: started, ${state}${note === undefined ? '' : `; ${note}`}` };
  } catch (error) {
    return { name, result: 'failed', text: `${name}: ${innermost(error).message}` };
  }
}

function compared(name: string, wanted: ReplicationInput, started: unknown): Applied {
  const running = replicationInput.safeParse(started).data;
  const fields = running ? changedFields(wanted, running) : ['its input cannot be read'];
  if (fields.length === 0) return { name, result: 'unchanged', text: `${name}: runs as the file says` };
  const text = `${name}: runs with other settings (${fields.join(', ')}); they take effect after replicator stop ${name} and start ${name}`;
  return { name, result: 'changed', text, fields };
}

function changedFields(wanted: ReplicationInput, running: ReplicationInput): string[] {
  const fields = Object.keys({ ...running, ...wanted }) as (keyof ReplicationInput)[];
  return fields.filter((field) => !isDeepStrictEqual(wanted[field], running[field]));
}
