import { readFile } from 'node:fs/promises';
import { pathText } from '../replication/problems.ts';
import { crossChecks } from './checks.ts';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { asWritten, resolveReferences, type Environment } from './environment.ts';
import { findings, type Finding } from './issues.ts';
import { configFile, type ConfigFile } from './schema.ts';
import type { ClusterConfig, LoadedConfig } from './types.ts';
import { parseYaml, type YamlFile } from './yaml-file.ts';

const DEFAULT_FILE = './replicator.yaml';

/** Where the configuration is: as given, else `REPLICATOR_CONFIG`, else `./replicator.yaml`. */
export function configPath(given: string | undefined, environment: Environment = process.env): string {
  return given ?? environment.REPLICATOR_CONFIG ?? DEFAULT_FILE;
}

/**
 * Reads and checks a configuration file.
 * @throws ConfigError with everything that is wrong with it
 */
export async function loadConfig(path: string, environment: Environment = process.env): Promise<LoadedConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : (error as Error).message;
    const message = `cannot read the configuration (${reason}); name another file with --config FILE or REPLICATOR_CONFIG`;
    throw new ConfigError([{ file: path, path: '', message }]);
  }
  return parseConfig(text, path, environment);
}

/** The same for a text that was read from `path`. @throws ConfigError */
export function parseConfig(text: string, path: string, environment: Environment): LoadedConfig {
  const yaml = parseYaml(text);
  if (yaml.syntax.length > 0) throw new ConfigError(yaml.syntax.map((error) => ({ file: path, path: '', ...error })));
  const written = asWritten(yaml.value);
  const { value, missing } = resolveReferences(yaml.value, environment);
  const parsed = configFile.safeParse(value);
  const wrong = [
    ...missing,
    ...(parsed.success ? [] : findings(parsed.error, written)).filter(unless(missing)),
    ...crossChecks(value).filter(unless(missing)),
  ];
  if (wrong.length > 0 || !parsed.success) throw new ConfigError(problems(wrong, path, yaml));
  return ready(parsed.data, path);
}

/** A reference that could not be resolved is one problem, not two. */
function unless(missing: readonly Finding[]): (finding: Finding) => boolean {
  const reported = new Set(missing.map(({ path }) => pathText(path)));
  return ({ path }) => !reported.has(pathText(path));
}

function problems(wrong: readonly Finding[], file: string, yaml: YamlFile): ConfigProblem[] {
  return wrong
    .map(({ path, message }) => ({ file, line: yaml.lineOf(path), path: pathText(path), message }))
    .sort((a, b) => a.line - b.line);
}

function ready(file: ConfigFile, path: string): LoadedConfig {
  const clusters = new Map<string, ClusterConfig>();
  for (const [name, { kind, region, nameServers = [], auth, tls }] of Object.entries(file.clusters))
    clusters.set(name, { name, kind, region, nameServers, auth, tls });
  return { path, clusters, replications: new Map(Object.entries(file.replications)), worker: file.worker };
}
