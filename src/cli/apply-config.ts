import type { LoadedConfig } from '../config/types.ts';
import { configChange } from '../replication/config-change.ts';
import { replicationInput, type ReplicationInput } from '../replication/input.ts';
import { readRunStart } from '../temporal/running-replications.ts';
import { describeExecution, listExecutions } from './executions.ts';
import { asked, type ChangeOptions } from './options.ts';
import { queryStatus } from './queries.ts';
import { update } from './send-command.ts';
import { startReplication } from './start-replication.ts';
import { innermost, type Temporal } from './temporal.ts';

export interface Applied {
  readonly name: string;
  /**
   * `updated`: it runs on with what has changed. `changed`: it runs with other settings than the file's, some of which need `stop` and `start`.
   * `unnamed`: it runs, and the file does not name it.
   */
  readonly result: 'started' | 'unchanged' | 'updated' | 'changed' | 'unnamed' | 'failed';
  /** What happened, as a sentence. */
  readonly text: string;
  /** Fields that were changed, for `updated` and `changed`. */
  readonly updated?: readonly string[];
  /** Fields that differ on, for `changed`. */
  readonly fields?: readonly string[];
}

/** Starts what the file names and does not run, and changes what may change while it runs. Nothing is stopped. One failure does not keep the others. */
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
    if (execution?.status === 'RUNNING') return await bringUpToDate(temporal, name, input, options);
    const { state, note } = await startReplication(temporal, name, input, options);
    return { name, result: 'started', text: `${name}: started, ${state}${note === undefined ? '' : `; ${note}`}` };
  } catch (error) {
    return { name, result: 'failed', text: `${name}: ${innermost(error).message}` };
  }
}

/** Sends what may change while it runs, and says what may not. */
async function bringUpToDate(
  temporal: Temporal,
  name: string,
  wanted: ReplicationInput,
  options: Pick<ChangeOptions, 'by' | 'reason'>,
): Promise<Applied> {
  const status = await queryStatus(temporal, name);
  const running = status?.input ?? replicationInput.safeParse((await readRunStart(temporal.client, name))?.input).data;
  if (!running) return { name, result: 'failed', text: `${name}: runs, and its input cannot be read` };
  const { fields, refused } = configChange(running, wanted);
  if (fields.length === 0) return { name, result: 'unchanged', text: `${name}: runs as the file says` };
  if (!status) return { name, result: 'failed', text: `${name}: ${fields.join(', ')} differ, and ${NO_WORKER}` };
  const updated = fields.filter((field) => !refused.some((entry) => entry.field === field));
  if (updated.length > 0) {
    const changes = Object.fromEntries(updated.map((field) => [field, wanted[field]]));
    const answer = await update(temporal, 'updateConfig', name, { ...asked(options), ...changes });
    if (!answer.done) return { name, result: 'failed', text: `${name}: ${answer.reason}` };
  }
  const done = updated.length > 0 ? `${name}: ${updated.join(', ')} changed` : `${name}: runs with other settings`;
  if (refused.length === 0) return { name, result: 'updated', text: done, updated };
  const text = `${done}; ${refused.map(({ reason }) => reason).join('; ')}: replicator stop ${name}, then replicator start ${name}`;
  return { name, result: 'changed', text, updated, fields: refused.map(({ field }) => field) };
}

const NO_WORKER = 'no worker answers that could change it; start one with replicator worker and apply again';
