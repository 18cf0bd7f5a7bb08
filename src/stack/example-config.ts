import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { StackStatus } from './stack-status.ts';

/** On `east`. */
export const EXAMPLE_TOPIC = 'orders';

/** A replicator.yaml that works with the stack as it is: one replication, `orders`, from east to west. */
export function exampleConfig({ clusters }: Pick<StackStatus, 'clusters'>): string {
  const config = {
    clusters: {
      east: { kind: 'apache', nameServers: clusters.east.nameServers },
      west: { kind: 'apache', nameServers: clusters.west.nameServers },
    },
    replications: {
      orders: { source: 'east', destination: 'west', topics: [EXAMPLE_TOPIC], start: 'earliest' },
    },
  };
  return (
    '# Written by `replicator stack up` for the local stack; it is not overwritten, so change it as you like.\n' +
    `${editorHint()}${stringify(config)}`
  );
}

/** Where editors find the schema, seen from the sources as well as from `dist`. */
function editorHint(): string {
  const file = ['../../docs', '../../../docs']
    .map((folder) => new URL(`${folder}/replicator.schema.json`, import.meta.url))
    .find((url) => existsSync(url));
  return file ? `# yaml-language-server: $schema=${fileURLToPath(file)}\n` : '';
}
